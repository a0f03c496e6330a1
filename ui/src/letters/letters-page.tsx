import { useMemo, useState } from 'react'
import { useLetters, useMayAct } from '../api/queries'
import type { DeadLetter } from '../api/types'
import { Button } from '../parts/button'
import { Failure } from '../parts/failure'
import { formatCount, plural } from '../parts/format'
import { Empty, Panel } from '../parts/panel'
import { useTitle } from '../parts/title'
import { letterKey } from './attempts'
import { BulkButtons } from './bulk'
import { Filters } from './filters'
import { LetterDetail } from './letter-detail'
import { LetterList } from './letter-list'
import './letters.css'
import { Tried } from './tried'
import { useAttempts } from './use-attempts'
import { useFilter } from './use-filter'

const NONE: ReadonlySet<string> = new Set()

export default function LettersPage() {
  useTitle('Dead letters')
  const mayAct = useMayAct()
  const { filter, change, letter, open } = useFilter()
  const query = useLetters(filter)
  const { attempts, add, clear } = useAttempts()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(NONE)
  const letters = useMemo(() => query.data?.pages.flatMap(page => page.letters) ?? [], [query.data])
  const total = query.data?.pages[0]?.total ?? 0
  const picked = letters.filter(each => chosen.has(letterKey(each)))
  const close = () => {
    open(null)
    const key = letter && letterKey(letter)
    // After the list is back, the focus is where it was.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-letter="${key}"]`)?.focus())
  }
  const isFiltered = Object.values(filter).some(Boolean)
  return (
    <div className={letter ? 'letters letters-open' : 'letters'}>
      <header className="letters-head">
        <h1>Dead letters</h1>
        <Filters filter={filter} letters={letters} change={change} />
      </header>
      {attempts.size > 0 && <Tried attempts={attempts} onClear={clear} />}
      {query.error && !query.data && <Failure error={query.error} retry={query.refetch} />}
      {query.data && total === 0 && <Nothing isFiltered={isFiltered} />}
      {total > 0 && (
        <div className="letters-panes">
          <Panel
            className="letters-list"
            title={plural(total, 'dead letter')}
            aside={
              mayAct && (
                <BulkButtons
                  {...{ filter, total, picked, isFiltered }}
                  onAccepted={add}
                  onDone={() => setChosen(NONE)}
                />
              )
            }
          >
            <LetterList {...{ letters, letter, attempts, chosen, setChosen, mayAct }} open={open} />
            {query.hasNextPage && (
              <More
                count={total - letters.length}
                isBusy={query.isFetchingNextPage}
                onClick={query.fetchNextPage}
              />
            )}
          </Panel>
          <Side key={letter ? letterKey(letter) : ''} letter={letter} onAccepted={add} onClose={close} />
        </div>
      )}
    </div>
  )
}

function More({ count, isBusy, onClick }: { count: number; isBusy: boolean; onClick: () => void }) {
  return (
    <footer className="letters-more">
      <Button icon="down" isBusy={isBusy} onClick={() => onClick()}>
        More ({formatCount(count)})
      </Button>
    </footer>
  )
}

interface SideProps {
  letter: Pick<DeadLetter, 'run' | 'task'> | null
  onAccepted: Parameters<typeof LetterDetail>[0]['onAccepted']
  onClose: () => void
}

function Side({ letter, onAccepted, onClose }: SideProps) {
  if (letter) return <LetterDetail id={letter} onAccepted={onAccepted} onClose={onClose} />
  return (
    <div className="letters-side letters-hint">
      <Empty title="Nothing is opened">
        <p>Open a letter to see its message and why it failed, to correct it, and to try it again.</p>
      </Empty>
    </div>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="No dead letter is like that">
      <p>Take a filter away to see more.</p>
    </Empty>
  ) : (
    <Empty title="No dead letters">
      <p>
        A task that failed too often, or for a reason that no attempt can mend, is kept here with its message.
        There is none: all work was done.
      </p>
    </Empty>
  )
}
