// The other end of worker.mjs: a process that judges, started when it is first asked, ended when it takes too long.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../images/toolchain.mjs'

export class Worker {
  constructor(folder, index) {
    this.folder = folder
    this.index = index
  }
  async start() {
    this.child = fork(join(root, 'tools/mutate/worker.mjs'), [this.folder, String(this.index)], { detached: true })
    await new Promise((resolve, reject) => {
      this.child.once('message', resolve)
      this.child.once('exit', (status) => reject(new Error(`a judge's process ended with status ${status}`)))
    })
  }
  /** Asks for a verdict; past the limit the process ends, and all that it has started. */
  async ask(question, seconds) {
    if (!this.child) await this.start()
    const child = this.child
    return new Promise((resolve, reject) => {
      const settle = (how, value) => {
        clearTimeout(timer)
        child.off('exit', ended)
        child.off('message', answered)
        how(value)
      }
      const answered = ({ busy, ...verdict }) => {
        settle(resolve, verdict)
        if (busy) this.stop()
      }
      // A mutant runs in processes of the tests: that this one ends says nothing about it.
      const ended = (status) => settle(reject, new Error(`a judge's process ended with status ${status}`))
      const timer = setTimeout(() => {
        settle(resolve, { verdict: 'killed', judge: 'the clock', by: `no verdict within ${seconds} s` })
        this.stop()
      }, seconds * 1000)
      child.once('exit', ended)
      child.once('message', answered)
      child.send(question)
    })
  }
  stop() {
    if (!this.child) return
    try {
      process.kill(-this.child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    this.child = undefined
  }
}
