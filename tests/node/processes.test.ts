// Whole programs that use workers: the README's example as it is printed, and that a program ends when it has no more to do.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Machine } from '../../dist/index.js'
import { readAssets } from '../../dist/node.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('a program', () => {
  // Inside the package, so that it finds 'transplant' by its name.
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(`${root}dist/example-`)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  function run(main: string): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [`${folder}/${main}`], { encoding: 'utf8', timeout: 100_000 })
  }

  it('that the README shows prints the hashes that the machines have here', () => {
    const block = /```js\n(\/\/ experiment\.mjs\n.*?)(\/\/ main\.mjs\n.*?)```/s.exec(
      readFileSync(`${root}README.md`, 'utf8'),
    )
    if (block === null) throw new Error('the README has no such example')
    writeFileSync(`${folder}/experiment.mjs`, block[1] as string)
    writeFileSync(`${folder}/main.mjs`, block[2] as string)
    const { status, stdout, stderr } = run('main.mjs')
    const expected = [1, 2, 3, 4].map((seed) => {
      const made = Machine.create({ ...readAssets(), seed, vcpus: 2 })
      if (!made.ok) throw new Error(made.message)
      made.value.run({ instructions: 20e6 })
      return made.value.hash()
    })
    expect(stdout.trim().split('\n')).toEqual(expected)
    expect(new Set(expected).size).toBe(4)
    expect(stderr.trim().split('\n').at(-1)).toBe('4 of 4')
    expect(status).toBe(0)
  })

  it('ends although its machine in a worker was not disposed, but not while that runs', () => {
    writeFileSync(
      `${folder}/idle.mjs`,
      `import { RemoteMachine } from 'transplant'
       import { nodeWorkers, readAssets } from 'transplant/node'
       const { value: machine } = await RemoteMachine.create(nodeWorkers(), readAssets())
       machine.run({ instructions: 6e6 }).then(({ reason }) => console.log(reason, machine.now))`,
    )
    expect(run('idle.mjs')).toMatchObject({ status: 0, stdout: 'limit 6000000\n', stderr: '' })
  })
})
