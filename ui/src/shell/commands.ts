/** What the palette offers: places to go to, things to do. */
import type { FlowSummary } from '../api/types'
import type { IconName } from '../parts/icon'

export interface Command {
  id: string
  name: string
  /** said in small beside the name */
  hint: string
  icon: IconName
  run: () => void
}

interface Doing {
  navigate: (href: string) => void
  fire: (flow: string, trigger: string) => void
  changeScheme: () => void
  showHelp: () => void
}

export function makeCommands(flows: FlowSummary[], mayAct: boolean, doing: Doing): Command[] {
  const { navigate, fire } = doing
  const go = (name: string, href: string, icon: IconName, hint = ''): Command => ({
    id: `go ${href}`,
    name,
    hint,
    icon,
    run: () => navigate(href),
  })
  const triggers = mayAct
    ? flows
        .filter(({ takesActions }) => takesActions)
        .flatMap(flow => flow.triggers.map(({ node }) => ({ flow: flow.name, node })))
    : []
  return [
    go('Overview', '/', 'flow', 'g o'),
    go('Runs', '/runs', 'list', 'g r'),
    go('Runs that failed', '/runs?status=failed', 'cross'),
    go('Runs under way', '/runs?status=running', 'play'),
    go('Dead letters', '/dead-letters', 'letter', 'g d'),
    ...flows.map(flow => go(flow.name, `/flows/${encodeURIComponent(flow.name)}`, 'flow', 'flow')),
    ...triggers.map(
      ({ flow, node }): Command => ({
        id: `fire ${flow} ${node}`,
        name: `Run ${flow} now`,
        hint: `fires ${node}`,
        icon: 'play',
        run: () => fire(flow, node),
      }),
    ),
    {
      id: 'scheme',
      name: 'Change colours',
      hint: 'system, light, dark',
      icon: 'sun',
      run: doing.changeScheme,
    },
    { id: 'help', name: 'Keys of this page', hint: '?', icon: 'help', run: doing.showHelp },
  ]
}

/** Commands in which all words occur, those first whose name begins with what was typed. */
export function findCommands(commands: Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const text = typed.trim().toLowerCase()
  const found = commands.filter(({ name, hint }) =>
    words.every(word => `${name} ${hint}`.toLowerCase().includes(word)),
  )
  const begins = (command: Command) => Number(!command.name.toLowerCase().startsWith(text))
  return text === '' ? found : found.toSorted((left, right) => begins(left) - begins(right))
}
