// Fusion: CMP or TEST followed by the conditional branch that ends the block become one uop, the most frequent pair of all.
//
// Neither can fault or call out, so the boundary between them is never needed in the middle of a block; blocks of one instruction are
// left alone. Runs after dead-flag elimination. Promises: the same flags, counts and targets as the pair.
import {
  CC_A,
  CC_AE,
  CC_B,
  CC_BE,
  CC_G,
  CC_GE,
  CC_L,
  CC_LE,
  CC_NS,
  CC_NZ,
  CC_S,
  CC_Z,
  OP_CMPF,
  OP_CMPJ32,
  OP_CMPJ64,
  OP_CMPJ8,
  OP_JCC,
  OP_TESTF,
  OP_TESTJ32,
  OP_TESTJ64,
  OP_TESTJ8,
  UOP_BYTES,
} from '../../numbers/operations'
import { Block, Uop, uopOp } from './ir'

/** Position of a condition code among the fused comparisons: Z NZ B AE BE A L GE LE G; -1 if it has no fused form. */
function compareIndex(code: u32): i32 {
  switch (code) {
    case CC_Z:
      return 0
    case CC_NZ:
      return 1
    case CC_B:
      return 2
    case CC_AE:
      return 3
    case CC_BE:
      return 4
    case CC_A:
      return 5
    case CC_L:
      return 6
    case CC_GE:
      return 7
    case CC_LE:
      return 8
    case CC_G:
      return 9
  }
  return -1
}

export function fuseBranch(b: Block): void {
  const branch = b.uopEnd - UOP_BYTES
  const before = branch - UOP_BYTES
  const op = uopOp(branch)
  if (op < OP_JCC || op >= OP_JCC + 16 || before < b.uops) return
  const code = op - OP_JCC
  const first = uopOp(before)
  let fused: u32 = 0
  if (first == OP_CMPF || first == OP_CMPF + 2 || first == OP_CMPF + 3) {
    const index = compareIndex(code)
    if (index < 0 || (first == OP_CMPF && index > 5)) return
    fused = (first == OP_CMPF ? OP_CMPJ8 : first == OP_CMPF + 2 ? OP_CMPJ32 : OP_CMPJ64) + <u32>index
  } else if (first == OP_TESTF || first == OP_TESTF + 2 || first == OP_TESTF + 3) {
    const index: u32 = code == CC_Z ? 0 : code == CC_NZ ? 1 : code == CC_S ? 2 : code == CC_NS ? 3 : 4
    if (index == 4) return
    fused = (first == OP_TESTF ? OP_TESTJ8 : first == OP_TESTF + 2 ? OP_TESTJ32 : OP_TESTJ64) + index
  } else return
  changetype<Uop>(before).op = <u16>fused
  b.uopEnd = branch
}
