// Guest RAM as devices see it: DMA by physical address.
//
// Reads and writes outside of RAM are dropped and read as zero, as a device's DMA into nothing would be; `contains` lets
// a device check first and report an error in its own way. Writes tell the core, so that decoded code is dropped.

export interface GuestMemory {
  readonly bytes: number
  contains(address: number, length: number): boolean
  /** A copy. */
  read(address: number, length: number): Uint8Array
  write(address: number, bytes: Uint8Array): void
  readU16(address: number): number
  readU32(address: number): number
  readU64(address: number): number
  writeU16(address: number, value: number): void
  writeU32(address: number, value: number): void
}

/** GuestMemory over the RAM bytes of whoever holds them. `ram()` is asked each time, since the memory may move. */
export class RamView implements GuestMemory {
  readonly bytes: number
  private readonly ram: () => Uint8Array
  private readonly changed: (address: number, length: number) => void

  constructor(bytes: number, ram: () => Uint8Array, changed: (address: number, length: number) => void) {
    this.bytes = bytes
    this.ram = ram
    this.changed = changed
  }

  contains(address: number, length: number): boolean {
    return address >= 0 && length >= 0 && address + length <= this.bytes
  }

  read(address: number, length: number): Uint8Array {
    if (!this.contains(address, length)) return new Uint8Array(length)
    return this.ram().slice(address, address + length)
  }

  write(address: number, bytes: Uint8Array): void {
    if (!this.contains(address, bytes.length) || bytes.length === 0) return
    this.ram().set(bytes, address)
    this.changed(address, bytes.length)
  }

  private little(address: number, count: number): number {
    if (!this.contains(address, count)) return 0
    const ram = this.ram()
    let value = 0
    for (let i = count - 1; i >= 0; i--) value = value * 256 + (ram[address + i] as number)
    return value
  }

  readU16(address: number): number {
    return this.little(address, 2)
  }

  readU32(address: number): number {
    return this.little(address, 4)
  }

  /** Exact up to 2^53: enough for every address a guest can give a device. */
  readU64(address: number): number {
    return this.little(address, 8)
  }

  writeU16(address: number, value: number): void {
    this.write(address, new Uint8Array([value & 0xff, (value >>> 8) & 0xff]))
  }

  writeU32(address: number, value: number): void {
    this.write(address, new Uint8Array([value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]))
  }
}
