// The page begins: the worker starts while the images are fetched, then a guest boots.

import { connectLaboratory } from './remote.js'
import { fetchShipped } from './shipped.js'
import { App } from './view/app.js'
import { Dropping } from './view/drop.js'
import { FunctionsPanel } from './view/functions-panel.js'
import { LessonsPanel } from './view/lessons-panel.js'
import { helpButton, newGuestButton } from './view/new-guest.js'
import { PatchPanel } from './view/patch-panel.js'
import { Sharing, sharedIn } from './view/share.js'
import { TasksPanel } from './view/tasks-panel.js'
import { UpgradePanel } from './view/upgrade-panel.js'

async function open(): Promise<void> {
  const host = document.querySelector<HTMLElement>('#app')
  if (host === null) return
  const images = fetchShipped()
  const worker = new Worker(new URL('./bench/worker.ts', import.meta.url), { type: 'module' })
  const laboratory = connectLaboratory(
    worker,
    (event) => app.hear(event),
    (why) => app.notices.complain(`The worker with the guests has ended: ${why}.`, 'Load the page again.'),
  )
  const app: App = new App(laboratory)
  await laboratory.load(await images)
  const patch = new PatchPanel(app)
  const functions = new FunctionsPanel(app, (name) => {
    app.tabs.select(patch.id)
    app.do(() => patch.replace(name))
  })
  const dropping = new Dropping(app, {
    source: (name, text) => {
      app.tabs.select(patch.id)
      app.do(() => patch.setSource(name, text))
    },
    module: (name, bytes) => {
      app.tabs.select(patch.id)
      patch.applyModule(name, bytes)
    },
  })
  const sharing = new Sharing(app, dropping.own, patch)
  const panels = [functions, patch, new TasksPanel(app), new UpgradePanel(app), new LessonsPanel(app)]
  app.mount(host, panels, [newGuestButton(app), dropping.button, sharing.button, helpButton()])
  const shared = sharedIn(location.hash)
  if (shared === undefined || !(await sharing.open(shared))) await app.boot({})
  app.console.focus()
  // What later clicks need is fetched now, so that the network may go.
  await Promise.all([laboratory.warm(), patch.ready()])
  document.documentElement.dataset['loaded'] = 'all'
}

open().catch((error: unknown) => {
  const place = document.querySelector('.opening') ?? document.body
  place.textContent = `Transplant cannot open: ${error instanceof Error ? error.message : String(error)}`
})
