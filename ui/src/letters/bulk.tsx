import { useState } from 'react'
import { post } from '../api/client'
import type { LetterFilter } from '../api/queries'
import type { Bulk, DeadLetter } from '../api/types'
import { useAction } from '../parts/action'
import { sayBulk } from '../parts/bulk'
import { Button } from '../parts/button'
import { Confirm } from '../parts/dialog'
import { formatCount, plural } from '../parts/format'
import type { LetterId } from './attempts'

interface Props {
  filter: LetterFilter
  total: number
  isFiltered: boolean
  /** those that are ticked; none: all of the filter are meant */
  picked: DeadLetter[]
  onAccepted: (bulk: Bulk) => void
  onDone: () => void
}

type Doing = 'retry' | 'discard'

/** What was asked for, as it was then: letters come and go while somebody reads the question. */
interface Asked {
  doing: Doing
  count: number
  about: string
  body: LetterFilter | { letters: LetterId[] }
}

const VERBS: { [doing in Doing]: string } = { retry: 'Retry', discard: 'Discard' }

export function BulkButtons({ filter, total, isFiltered, picked, onAccepted, onDone }: Props) {
  const [asking, setAsking] = useState<Asked | null>(null)
  const count = picked.length || total
  const what = picked.length > 0 || isFiltered ? formatCount(count) : `all ${formatCount(count)}`
  const act = useAction<Asked, Bulk>({
    act: ({ doing, body }) => post<Bulk>(`/dead-letters/${doing}`, body),
    done: (bulk, { doing }) => sayBulk(bulk, doing === 'retry' ? 'begun again' : 'discarded'),
    after: (bulk, { doing }) => {
      if (doing === 'retry') onAccepted(bulk)
      setAsking(null)
      onDone()
    },
  })
  const begin = (doing: Doing) => {
    const body = picked.length > 0 ? { letters: picked.map(({ run, task }) => ({ run, task })) } : filter
    const asked = { doing, count, about: describe(filter, picked.length), body }
    if (doing === 'retry' && count === 1) act.mutate(asked)
    else setAsking(asked)
  }
  return (
    <span className="letters-bulk">
      <Button icon="bin" kind="danger" onClick={() => begin('discard')}>
        Discard {what}
      </Button>
      <Button icon="retry" kind="primary" isBusy={act.isPending} onClick={() => begin('retry')}>
        Retry {what}
      </Button>
      {asking && (
        <Confirm
          title={`${VERBS[asking.doing]} ${plural(asking.count, 'dead letter')}?`}
          action={`${VERBS[asking.doing]} ${formatCount(asking.count)}`}
          isDangerous={asking.doing === 'discard'}
          isBusy={act.isPending}
          onConfirm={() => act.mutate(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{asking.about}</p>
          <p>
            {asking.doing === 'retry'
              ? 'Each begins again with its message as it is, with all its attempts. What fails again comes back here.'
              : 'Their messages are gone for good: what they hold is never written.'}
          </p>
        </Confirm>
      )}
    </span>
  )
}

function describe(filter: LetterFilter, picked: number): string {
  if (picked > 0) return `Those that are ticked: ${formatCount(picked)}.`
  const parts = Object.entries(filter).filter(([, value]) => value)
  if (parts.length === 0) return 'All, of every flow.'
  return `All with ${parts.map(([name, value]) => `${name} “${value}”`).join(' and ')}, those that are not listed yet as well.`
}
