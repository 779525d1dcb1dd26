// The beginning of a patch by hand: a source that compiles as it is and replaces one function, with its signature as the kernel's source has
// it, and nothing in it yet.

/** The function that is to be replaced. */
export interface SkeletonOptions {
  /** As kallsyms has it. */
  readonly name: string
  /** 0: the only one of its name. */
  readonly position: number
  /** As the source has it, in one line; undefined where it is not known. */
  readonly signature: string | undefined
  /** Of its source, `<...>` only, in order. */
  readonly includes: readonly string[]
  /** `kernel/fork.c:12`. */
  readonly place: string | undefined
}

/** C with the livepatch API. A function without a known signature is taken to give a long and to be asked nothing. */
export function skeletonInC(options: SkeletonOptions): string {
  const { name, position, includes, place } = options
  const identifier = name.replace(/\W/g, '_')
  const { head, body, structures } = replacementFor(`patched_${identifier}`, options)
  const needed = ['linux/module.h', 'linux/kernel.h', 'linux/livepatch.h']
  const included = [...needed, ...includes.filter((path) => !needed.includes(path))]
  const which = position === 0 ? '' : ` .old_sympos = ${position},`
  return `// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replaces ${name}()${place === undefined ? '' : ` of ${place}`}. What it calls or reads in the kernel is declared as the
 * kernel's headers do, or here; it need not be exported.
 */
${included.map((path) => `#include <${path}>`).join('\n')}

${structures.map((structure) => `${structure};\n`).join('')}${head}
{
${body}
}

static struct klp_func funcs[] = {
	{ .old_name = "${name}",${which} .new_func = patched_${identifier} },
	{},
};

static struct klp_object objs[] = {
	{ .funcs = funcs },
	{},
};

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };

static int start(void)
{
	return klp_enable_patch(&patch);
}

static void stop(void)
{
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`
}

interface Begun {
  readonly head: string
  readonly body: string
  /** To be declared in front, so that a parameter is not the first to name one. */
  readonly structures: readonly string[]
}

const REGISTERS = ['di', 'si', 'dx', 'r10', 'r8', 'r9']

function replacementFor(name: string, { signature }: SkeletonOptions): Begun {
  const call = /\bSYSCALL_DEFINE\d\(\s*\w+\s*,?\s*(.*)\)$/.exec(signature ?? '')
  if (call) {
    const words = (call[1] ?? '').split(/\s*,\s*/).filter((word) => word !== '')
    const types = words.filter((_, i) => i % 2 === 0)
    const lines = types.map((type, i) => `\t${join(type, words[2 * i + 1] ?? '')} = (${type})regs->${REGISTERS[i]};\n`)
    const used = types.map((_, i) => `\t(void)${words[2 * i + 1]};\n`)
    const body = `${lines.join('')}${lines.length > 0 ? '\n' : ''}${used.join('')}\treturn -ENOSYS;`
    return {
      head: `static long ${name}(const struct pt_regs *regs)`,
      body,
      structures: ['struct pt_regs', ...named(types)],
    }
  }
  const parts = /^(.*?)\b(\w+)\s*(\(.*\))$/.exec(withoutAttributes(signature ?? 'long f(void)'))
  const [type, parameters] = [(parts?.[1] ?? 'long ').trim(), parts?.[3] ?? '(void)']
  const body = type === 'void' ? '' : `\treturn (${type}){ 0 };`
  const star = type.endsWith('*') ? '' : ' '
  return { head: `static ${type}${star}${name}${parameters}`, body, structures: named([type, parameters]) }
}

const join = (type: string, name: string): string => `${type}${type.endsWith('*') ? '' : ' '}${name}`

function named(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.match(/\b(?:struct|union) \w+/g) ?? []))]
}

/** Without what says how a function is compiled or linked; an enumeration may be its own file's, and is passed as an int. */
function withoutAttributes(signature: string): string {
  return signature
    .replace(/\benum (\w+)/g, 'int /* enum $1 */')
    .replace(/__(?:attribute__|printf|section|aligned)\s*\(+[^)]*\)+/g, '')
    .replace(/\b(?:static|inline|extern|noinline|__always_inline|__noreturn|__init|__exit|__used|__unused)\b/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Assembly: a frame, and the result 0. */
export function skeletonInAssembly({ name, position, signature, place }: SkeletonOptions): string {
  const which = position === 0 ? '' : `,${position}`
  const asked = signature === undefined ? '' : `; ${signature}\n`
  const registers = /SYSCALL_DEFINE/.test(signature ?? '')
    ? '; rdi: the pt_regs of the caller, with what it was asked in di, si, dx, r10, r8, r9.'
    : '; What it is asked comes in rdi, rsi, rdx, rcx, r8, r9; what it answers goes in rax.'
  return `; Replaces ${name}()${place === undefined ? '' : ` of ${place}`}.
${asked}${registers}
; rbx, rbp, r12 to r15 have to be as they were. src/patch/README.md has the grammar.

.patch ${name}${which}
	push rbp			; a frame, so that the stack can be unwound
	mov rbp, rsp
	xor eax, eax
	pop rbp
	ret
`
}
