// When a live patch's transition is over, by the kernel's own word: the return of the function that completes it. Nobody has to ask
// the guest again and again, and nothing in the guest waits on a clock.

import { type Disposable, DisposableStore, virtAddr } from '../base/index.js'
import type { AgentClient, KernelView } from '../guest/index.js'
import type { BreakpointAction } from '../machine/index.js'

const COMPLETING = 'klp_complete_transition'

/** What sysfs says of a patch; empty for a module that patches nothing, which has no such folder. */
export interface PatchState {
  readonly enabled: string
  readonly inTransition: string
}

/** Sees transitions end. Dispose while the guest is stopped. */
export class TransitionWatch implements Disposable {
  private readonly agent: AgentClient
  private readonly kernel: KernelView
  private readonly holds = new DisposableStore()
  private ends = 0
  private stopAtEnd = false

  private constructor(agent: AgentClient, kernel: KernelView) {
    this.agent = agent
    this.kernel = kernel
  }

  /** `completing` is called with the guest stopped where a transition is about to complete. */
  static async start(
    agent: AgentClient,
    kernel: KernelView,
    completing: (cpu: number) => Promise<void> = async () => {},
  ): Promise<TransitionWatch> {
    const watch = new TransitionWatch(agent, kernel)
    if (watch.seesEnd) {
      const hold = await agent.port.setBreakpoint(
        kernel.address(COMPLETING),
        async ({ cpu }): Promise<BreakpointAction> => {
          await completing(cpu)
          await watch.watchReturn(cpu)
          return 'continue'
        },
      )
      watch.holds.add(hold)
    }
    return watch
  }

  /** A kernel whose symbols do not name the function gives no end to see. */
  private get seesEnd(): boolean {
    return this.kernel.has(COMPLETING)
  }

  /** At the entry of a function the stack's top is where it returns to. */
  private async watchReturn(cpu: number): Promise<void> {
    const { port } = this.agent
    const { rsp } = await port.registers(cpu)
    const kernel = await this.kernel.on(cpu)
    const hold = await port.setBreakpoint(virtAddr(await kernel.readU64(rsp)), () => {
      hold.dispose()
      this.ends++
      return this.stopAtEnd ? 'stop' : 'continue'
    })
    this.holds.add(hold)
  }

  /**
   * Lets the guest run until the transition of a patch that it has loaded is over. Throws AGENT_TIMEOUT where it does not end in the
   * agent's time, and what `AgentClient.exec` throws.
   */
  async untilOver(name: string): Promise<PatchState> {
    const { agent } = this
    const files = `/sys/kernel/livepatch/${name}`
    for (;;) {
      const { ends } = this
      // In one command: a patch that is given back takes its folder with it at any moment.
      const { status, stdout } = await agent.exec(`cat ${files}/transition ${files}/enabled`)
      const [inTransition = '', enabled = ''] = status === 0 ? stdout.trim().split('\n') : []
      if (inTransition !== '1' || !this.seesEnd) return { enabled, inTransition }
      this.stopAtEnd = true
      await agent.runUntil(() => this.ends > ends, 'to complete the transition')
      this.stopAtEnd = false
    }
  }

  dispose(): void {
    this.holds.dispose()
  }
}
