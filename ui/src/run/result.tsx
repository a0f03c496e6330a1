import type { TaskSpan } from '../api/types'
import type { IconName } from '../parts/icon'
import { Badge, type Tone } from '../parts/status'

type Result = TaskSpan['result']

export const RESULTS: { [result in Result]: { tone: Tone; icon: IconName } } = {
  running: { tone: 'live', icon: 'play' },
  done: { tone: 'ok', icon: 'check' },
  retried: { tone: 'warn', icon: 'retry' },
  dead: { tone: 'bad', icon: 'cross' },
  dropped: { tone: 'idle', icon: 'stop' },
}

export function ResultBadge({ result }: { result: Result }) {
  const { tone, icon } = RESULTS[result]
  return (
    <Badge tone={tone} icon={icon}>
      {result}
    </Badge>
  )
}
