// What the core asks of the machine; the meaning of each is in core-abi.ts of the room above. Addresses and values are 32-bit, unsigned.
// @ts-ignore: decorator
@external('machine', 'portRead')
export declare function portRead(cpu: u32, port: u32, size: u32): u32
// @ts-ignore: decorator
@external('machine', 'portWrite')
export declare function portWrite(cpu: u32, port: u32, size: u32, value: u32): void
// @ts-ignore: decorator
@external('machine', 'mmioRead')
export declare function mmioRead(cpu: u32, address: u32, size: u32): u32
// @ts-ignore: decorator
@external('machine', 'mmioWrite')
export declare function mmioWrite(cpu: u32, address: u32, size: u32, value: u32): void
// @ts-ignore: decorator
@external('machine', 'acknowledgeInterrupt')
export declare function acknowledgeInterrupt(cpu: u32): i32
// @ts-ignore: decorator
@external('machine', 'apicMsrRead')
export declare function apicMsrRead(cpu: u32, msr: u32): u32
// @ts-ignore: decorator
@external('machine', 'apicMsrWrite')
export declare function apicMsrWrite(cpu: u32, msr: u32, low: u32, high: u32): u32
// @ts-ignore: decorator
@external('machine', 'taskPriorityRead')
export declare function taskPriorityRead(cpu: u32): u32
// @ts-ignore: decorator
@external('machine', 'taskPriorityWrite')
export declare function taskPriorityWrite(cpu: u32, value: u32): void
// @ts-ignore: decorator
@external('machine', 'event')
export declare function event(cpu: u32, kind: u32, a: u32, b: u32): void
/** The compiler (../jit): a block of this vCPU is hot. It may set the block's region, now or at a later request. */
// @ts-ignore: decorator
@external('jit', 'request')
export declare function compileRequest(cpu: u32, block: u32): void
/** The same: a region of this vCPU is left often to blocks that are worth having in it. */
// @ts-ignore: decorator
@external('jit', 'grow')
export declare function growRequest(cpu: u32, region: u32): void
