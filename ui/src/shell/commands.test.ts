import { expect, it } from 'vitest'
import { flowOf } from '../api/samples'
import type { Trigger } from '../api/types'
import { findCommands, makeCommands } from './commands'

const nothing = () => {}
const doing = { navigate: nothing, fire: nothing, changeScheme: nothing, showHelp: nothing }
const trigger: Trigger = {
  node: 'hourly',
  component: 'common-module/cron',
  kind: 'schedule',
  when: '@hourly',
  isStarted: true,
  isPaused: false,
  nextFiring: null,
  payload: null,
}
const flows = [flowOf({ name: 'users', triggers: [trigger] }), flowOf({ name: 'open/orders' })]

it('finds by all words, and puts first what begins so', () => {
  const names = findCommands(makeCommands(flows, true, doing), 'users').map(({ name }) => name)
  expect(names).toEqual(['users', 'Run users now'])
  expect(findCommands(makeCommands(flows, true, doing), 'now hourly').map(({ id }) => id)).toEqual([
    'fire users hourly',
  ])
})

it('offers nothing that acts where one may only read, or cannot reach who executes the flow', () => {
  expect(makeCommands(flows, false, doing).filter(({ id }) => id.startsWith('fire'))).toEqual([])
  const elsewhere = [flowOf({ state: 'elsewhere', takesActions: false, triggers: [trigger] })]
  expect(makeCommands(elsewhere, true, doing).filter(({ id }) => id.startsWith('fire'))).toEqual([])
})

it('has others fire what they execute', () => {
  const elsewhere = [flowOf({ state: 'elsewhere', triggers: [trigger] })]
  expect(makeCommands(elsewhere, true, doing).map(({ id }) => id)).toContain('fire users hourly')
})

it('goes to flows whatever their name', () => {
  const gone: string[] = []
  const commands = makeCommands(flows, true, { ...doing, navigate: href => gone.push(href) })
  findCommands(commands, 'open/')[0]?.run()
  expect(gone).toEqual(['/flows/open%2Forders'])
})
