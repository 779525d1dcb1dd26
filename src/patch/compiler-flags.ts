// The flags of the kernel's compiler: one list, of which the kernel's own build and that of every module are made.

/** Of what gcc is to warn, in all C. */
export const warningFlags: readonly string[] = [
  ...['-Wall', '-Wextra', '-Wmissing-prototypes', '-Wshadow', '-Wno-unused-parameter'],
]

/** Of every C file of the kernel and of every module: they decide about the ABI, and about what the language means. */
export const kernelCompilerFlags: readonly string[] = [
  ...['-std=gnu11', '-O2', '-ffreestanding', '-nostdlib', '-fno-pic', '-fno-pie', '-mcmodel=kernel', '-mno-red-zone'],
  ...['-mgeneral-regs-only', '-fno-stack-protector', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'],
  ...['-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-fno-strict-aliasing', '-fwrapv', '-fno-common'],
  ...['-fno-delete-null-pointer-checks', '-nostdinc', ...warningFlags, '-Wno-format-truncation'],
]

/** The call of __fentry__ that a function of the kernel or of a module begins with. */
export const fentryFlags: readonly string[] = ['-pg', '-mfentry', '-mnop-mcount', '-mrecord-mcount']

/** Of every module: the kernel's, and every function remains one of its own, by its name and with its parameters. */
export const moduleCompilerFlags: readonly string[] = [
  ...[...kernelCompilerFlags, ...fentryFlags],
  ...['-fno-jump-tables', '-fno-ipa-sra', '-fno-ipa-icf', '-DMODULE'],
]
