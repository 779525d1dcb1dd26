// linux: a Linux kernel that somebody else built, by what it tells of itself.

export { findLinux, LinuxKernel, type LinuxView } from './find-linux.js'
export { type KallsymsTables, readKallsyms } from './kallsyms.js'
export { type LogRecord, readLog } from './printk.js'
export { findVmcoreinfo, Vmcoreinfo } from './vmcoreinfo.js'
