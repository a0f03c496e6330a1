import type { DeadLetter } from '../api/types'
import { Badge } from '../parts/status'
import { Text } from '../parts/text'
import { Time } from '../parts/time'
import { type Attempts, type LetterId, letterKey } from './attempts'
import { AttemptBadge } from './tried'

interface Props {
  letters: DeadLetter[]
  /** the one that is opened */
  letter: LetterId | null
  attempts: Attempts
  chosen: ReadonlySet<string>
  setChosen: (chosen: ReadonlySet<string>) => void
  mayAct: boolean
  open: (letter: LetterId) => void
}

export function LetterList({ letters, letter, attempts, chosen, setChosen, mayAct, open }: Props) {
  const openKey = letter && letterKey(letter)
  const toggle = (key: string) => {
    const next = new Set(chosen)
    if (!next.delete(key)) next.add(key)
    setChosen(next)
  }
  return (
    <ul className="letter-list">
      {letters.map(each => {
        const key = letterKey(each)
        return (
          <li key={key} className={key === openKey ? 'letter letter-opened' : 'letter'}>
            {mayAct && (
              <input
                type="checkbox"
                aria-label={`Choose the letter of ${each.node}, ${each.error.message}`}
                checked={chosen.has(key)}
                onChange={() => toggle(key)}
              />
            )}
            <button
              type="button"
              className="letter-button"
              data-letter={key}
              aria-current={key === openKey || undefined}
              onClick={() => open({ run: each.run, task: each.task })}
            >
              <LetterLine letter={each} attempt={attempts.get(key)?.state} />
            </button>
          </li>
        )
      })}
    </ul>
  )
}

interface LineProps {
  letter: DeadLetter
  attempt: Parameters<typeof AttemptBadge>[0]['state'] | undefined
}

function LetterLine({ letter, attempt }: LineProps) {
  const { error } = letter
  return (
    <>
      <span className="letter-line">
        <Badge tone="bad" icon="cross">
          {error.code || 'error'}
        </Badge>
        <span>
          <strong>{letter.flow}</strong> <span className="mono">{letter.node}</span>
        </span>
        {attempt && <AttemptBadge state={attempt} />}
        <span className="letter-when muted">
          <Time at={error.at} />
        </span>
      </span>
      <span className="letter-message">
        <Text text={error.message} />
      </span>
    </>
  )
}
