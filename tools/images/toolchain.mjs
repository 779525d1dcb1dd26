// What the image targets share: the toolchain on this tree.
import { Toolchain } from '../../dist/toolchain/index.js'

export { WARNINGS } from '../../dist/toolchain/index.js'

export const toolchain = new Toolchain()
export const { root, buildFolder, builtFolder } = toolchain
export const run = (command, words) => toolchain.run(command, words)
export const compile = (target, source, flags) => toolchain.compile(target, source, flags)
