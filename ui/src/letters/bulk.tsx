import { useState } from 'react'
import { post } from '../api/client'
import type { LetterFilter } from '../api/queries'
import type { Bulk, DeadLetter } from '../api/types'
import { useAction } from '../parts/action'
import { sayBulk } from '../parts/bulk'
import { Button } from '../parts/button'
import { Confirm } from '../parts/dialog'
import { formatCount, plural } from '../parts/format'

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

export function BulkButtons({ filter, total, isFiltered, picked, onAccepted, onDone }: Props) {
  const [asking, setAsking] = useState<Doing | null>(null)
  const count = picked.length || total
  const what = picked.length > 0 || isFiltered ? formatCount(count) : `all ${formatCount(count)}`
  const body = picked.length > 0 ? { letters: picked.map(({ run, task }) => ({ run, task })) } : filter
  const act = useAction<Doing, Bulk>({
    act: doing => post<Bulk>(`/dead-letters/${doing}`, body),
    done: (bulk, doing) => sayBulk(bulk, doing === 'retry' ? 'begun again' : 'discarded'),
    after: (bulk, doing) => {
      if (doing === 'retry') onAccepted(bulk)
      setAsking(null)
      onDone()
    },
  })
  const begin = (doing: Doing) => (doing === 'retry' && count === 1 ? act.mutate(doing) : setAsking(doing))
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
          title={`${asking === 'retry' ? 'Retry' : 'Discard'} ${plural(count, 'dead letter')}?`}
          action={`${asking === 'retry' ? 'Retry' : 'Discard'} ${formatCount(count)}`}
          isDangerous={asking === 'discard'}
          isBusy={act.isPending}
          onConfirm={() => act.mutate(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{describe(filter, picked.length)}</p>
          <p>
            {asking === 'retry'
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
