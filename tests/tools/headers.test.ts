// tools/check-headers.mjs: the headers of the kernel declare what there is, and offer what somebody uses.

import { expect, it } from 'vitest'
import { undefinedInPrograms, wrongDeclarations } from '../../tools/names/declared.mjs'

/** What is wrong in this kernel, with these users besides. */
const wrongIn = (kernel: Record<string, string>, users: Record<string, string> = {}, options = {}): string[] =>
  wrongDeclarations(new Map(Object.entries(kernel)), new Map(Object.entries(users)), options)

it.each([
  ['a function', 'a.c', 'int f(int x)\n{\n\treturn x;\n}\n'],
  ['a function with a long head', 'a.c', 'struct thing *f(int x,\n\t\tint y)\n{\n\treturn NULL;\n}\n'],
  ['a label', 'a.S', 'f:\n\tret\n'],
  ['a name of the linker', 'kernel.lds', 'f = .;\n'],
])('a prototype has a definition: %s', (_what, path, text) => {
  expect(wrongIn({ 'a.h': 'int f(int x);\n', [path]: text })).toEqual([])
})

it.each([
  ['on one line', 'void gone(void);\n'],
  ['on several', 'struct thing *gone(int x,\n\t\t   int y);\n'],
  ['with an attribute', 'void gone(const char *, ...) __attribute__((format(printf, 1, 2)));\n'],
  ['with a function as parameter', 'int gone(int (*fn)(void *), void *data);\n'],
  ['before a comment', 'int gone(int x); /* what it gives */\n'],
])('a prototype without a definition is refused: %s', (_where, header) => {
  expect(wrongIn({ 'a.h': header, 'a.c': 'void other(void)\n{\n\tgone(1);\n}\n' })).toEqual([
    'a.h declares gone(), which nothing defines',
  ])
})

it('a definition may be made by a macro', () => {
  const made = '#define MAKE(n, type) \\\n\ttype k##n(type x) \\\n\t{ \\\n\t}\nMAKE(ul, long)\n'
  expect(wrongIn({ 'a.h': 'long kul(long x);\nint ki(int x);\n', 'a.c': made })).toEqual([
    'a.h declares ki(), which nothing defines',
  ])
})

it.each([
  ['a variable', 'a.c', 'int count = 1;\n'],
  ['one of several', 'a.c', 'int other = 1, count;\n'],
  ['an array', 'a.c', 'const struct thing count[] = {\n\t1,\n};\n'],
  ['by a macro', 'a.c', 'static DEFINE_IT(other);\nDEFINE_MUTEX(count);\n'],
  ['by a macro of its own', 'a.c', '#define MAKE(n) \\\n\tint c##n = 1; \\\n\tint d\nMAKE(ount);\n'],
  ['a label', 'a.S', 'count:\n\t.long 1\n'],
  ['a name of the linker', 'kernel.lds', 'count = .;\n'],
])('a variable that is declared is defined: %s', (_what, path, text) => {
  const header = 'extern int count;\n'
  expect(wrongIn({ 'a.h': header, [path]: text })).toEqual([])
  const unlike = { 'a.h': header, 'b.c': 'static int count;\nint *at = &count;\nint last = count;\n' }
  expect(wrongIn(unlike)).toEqual(['a.h declares count, which nothing defines'])
})

it('a program defines what its headers declare', () => {
  const header = 'int f(int x);\nextern const int table[];\n#define UNUSED(x) x\n'
  expect(undefinedInPrograms(new Map([['a.h', header]]))).toEqual([
    'a.h declares f(), which nothing defines',
    'a.h declares table, which nothing defines',
  ])
  const source = 'int f(int x)\n{\n\treturn x;\n}\nconst int table[] = { 1 };\n'
  expect(undefinedInPrograms(new Map(Object.entries({ 'a.h': header, 'a.c': source })))).toEqual([])
})

it('what only a comment names, or defines, is not there', () => {
  expect(wrongIn({ 'a.h': 'int f(void);\n/* int g(void); */\n', 'a.c': '/*\nint f(void)\n{\n}\n*/\n' })).toEqual([
    'a.h declares f(), which nothing defines',
  ])
})

it.each([
  ['an inline function', 'static inline int f(int x)\n{\n\treturn x;\n}\n'],
  ['one that is always inline', 'static __always_inline struct s *f(struct s *x)\n{\n\treturn x;\n}\n'],
  ['a macro with parameters', '#define f(x) ((x) + 1)\n'],
  ['a macro inside of a condition', '#ifdef CONFIG_X\n# define f(x) 1\n#else\n# define f(x) 2\n#endif\n'],
  ['another name', '#define f other\n'],
])('what a header offers has a user, in the kernel or in a module: %s', (_what, header) => {
  expect(wrongIn({ 'a.h': header })).toEqual(['a.h offers f(), which nothing uses'])
  expect(wrongIn({ 'a.h': header, 'a.c': '/* f(1) */\n' })).toEqual(['a.h offers f(), which nothing uses'])
  expect(wrongIn({ 'a.h': header, 'a.c': 'int x = f(1);\n' })).toEqual([])
  expect(wrongIn({ 'a.h': header }, { 'module.c': 'int x = f(1);\n' })).toEqual([])
})

it('a constant needs no user, nor a name that is pasted together', () => {
  expect(
    wrongIn({
      'a.h': '#define PAGE 4096\n#define MEANS_X(a) a\n#define FIELD(means) MEANS_##means\nint x[FIELD(X(1))];\n',
    }),
  ).toEqual([])
})

it('what a header of modules declares is exported', () => {
  const kernel = { 'a.h': 'int f(void);\n', 'a.c': 'int f(void)\n{\n}\n' }
  const options = { moduleHeaders: new Set(['a.h']) }
  expect(wrongIn(kernel, {}, options)).toEqual(['a.h declares f() to modules, which nothing exports'])
  const module = { 'module.c': 'int g(void)\n{\n\treturn f();\n}\n' }
  expect(wrongIn({ ...kernel, 'b.c': 'EXPORT_SYMBOL(f);\n' }, module, options)).toEqual([])
})

it('what is exported has a user, in the kernel or in a module, which a declaration, a text or a program is not', () => {
  const kernel = {
    'a.h': 'int f(int x);\n',
    'a.c': 'int f(int x)\n{\n\treturn x;\n}\n\nconst char *name = "f";\nEXPORT_SYMBOL_GPL(f);\n',
  }
  const call = 'int g(void)\n{\n\treturn f(1);\n}\n'
  const unused = ['f is exported, and neither the kernel nor a module uses it']
  expect(wrongIn(kernel)).toEqual(unused)
  expect(wrongIn(kernel, { 'module.c': 'extern int f(int x);\n/* f(1) */\n' })).toEqual(unused)
  expect(wrongIn(kernel, {}, { programs: new Map([['sh.c', call]]) })).toEqual(unused)
  expect(wrongIn({ ...kernel, 'b.c': call })).toEqual([])
  expect(wrongIn(kernel, { 'module.c': call })).toEqual([])
})

it('what a header has for the kernel alone need not be exported', () => {
  const kernel = {
    'a.h': '#ifndef MODULE\nint f(void);\n#endif\nint g(void);\n',
    'a.c': 'int f(void)\n{\n}\nint g(void)\n{\n}\n',
  }
  expect(wrongIn(kernel, {}, { moduleHeaders: new Set(['a.h']) })).toEqual([
    'a.h declares g() to modules, which nothing exports',
  ])
})

it('what each module defines for itself may be declared', () => {
  expect(wrongIn({ 'a.h': 'int init_module(void);\n' }, {}, { modules: new Set(['init_module']) })).toEqual([])
})
