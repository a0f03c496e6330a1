import type { RunStatus } from '../api/types'
import { Icon, type IconName } from './icon'
import './status.css'

/** The meanings that have a colour; each has a shape, too. */
export type Tone = 'ok' | 'bad' | 'warn' | 'live' | 'idle'

const OF_STATUS: { [status in RunStatus]: { tone: Tone; icon: IconName } } = {
  running: { tone: 'live', icon: 'play' },
  succeeded: { tone: 'ok', icon: 'check' },
  failed: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'idle', icon: 'stop' },
}

export const toneOf = (status: RunStatus): Tone => OF_STATUS[status].tone

export function StatusBadge({ status }: { status: RunStatus }) {
  const { tone, icon } = OF_STATUS[status]
  return (
    <Badge tone={tone} icon={icon}>
      {status}
    </Badge>
  )
}

/** The shape alone, where a column says nothing else; its name is read aloud. */
export function StatusMark({ status }: { status: RunStatus }) {
  const { tone, icon } = OF_STATUS[status]
  return (
    <span className={`mark tone-${tone}`} title={status}>
      <Icon name={icon} />
      <span className="only-read-aloud">{status}</span>
    </span>
  )
}

interface BadgeProps {
  tone: Tone
  icon?: IconName
  children: React.ReactNode
}

export function Badge({ tone, icon, children }: BadgeProps) {
  return (
    <span className={`badge tone-${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  )
}
