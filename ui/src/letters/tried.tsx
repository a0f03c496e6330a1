import { Button } from '../parts/button'
import { formatCount, plural } from '../parts/format'
import type { IconName } from '../parts/icon'
import { Progress } from '../parts/progress'
import { Badge, type Tone } from '../parts/status'
import { type AttemptState, type Attempts, countAttempts } from './attempts'

const STATES: { [state in AttemptState]: { tone: Tone; icon: IconName; name: string } } = {
  trying: { tone: 'live', icon: 'play', name: 'being tried' },
  succeeded: { tone: 'ok', icon: 'check', name: 'succeeded' },
  failed: { tone: 'bad', icon: 'cross', name: 'failed again' },
}

export function AttemptBadge({ state, count }: { state: AttemptState; count?: number }) {
  const { tone, icon, name } = STATES[state]
  return (
    <Badge tone={tone} icon={icon}>
      {count === undefined ? name : `${formatCount(count)} ${name}`}
    </Badge>
  )
}

/** How it goes with the letters that were tried again. */
export function Tried({ attempts, onClear }: { attempts: Attempts; onClear: () => void }) {
  const counts = countAttempts(attempts)
  const ended = counts.succeeded + counts.failed
  return (
    <section className="letters-tried" aria-label="Tried again">
      <strong className="nowrap">{plural(attempts.size, 'letter')} tried again</strong>
      <Progress done={ended} total={attempts.size} label="Letters whose new attempt has ended" />
      <span className="letters-counts" role="status" aria-live="polite">
        {(['succeeded', 'failed', 'trying'] as const).map(
          state => counts[state] > 0 && <AttemptBadge key={state} state={state} count={counts[state]} />,
        )}
      </span>
      <Button kind="quiet" icon="cross" aria-label="Put away" onClick={onClear} />
    </section>
  )
}
