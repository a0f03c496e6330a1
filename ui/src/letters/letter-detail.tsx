import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { ApiFailure, path, post, remove, withQuery } from '../api/client'
import { useLetter, useMayAct } from '../api/queries'
import type { DeadLetterDetail } from '../api/types'
import { useAction } from '../parts/action'
import { Button } from '../parts/button'
import { Copy } from '../parts/copy'
import { Confirm } from '../parts/dialog'
import { Excerpt } from '../parts/excerpt'
import { Facts } from '../parts/facts'
import { Failure } from '../parts/failure'
import { plural } from '../parts/format'
import { JsonEditor, JsonView, useJsonDraft } from '../parts/json'
import { Badge } from '../parts/status'
import { Text } from '../parts/text'
import { FullTime } from '../parts/time'
import type { LetterId } from './attempts'

interface Props {
  id: LetterId
  onAccepted: (tried: { accepted: LetterId[] }) => void
  onClose: () => void
}

/** Escape, but not where it would throw a correction away or means a dialog. */
const isCloseKey = (event: KeyboardEvent) =>
  event.key === 'Escape' && !(event.target as Element).closest('textarea, dialog')

export function LetterDetail({ id, onAccepted, onClose }: Props) {
  const letter = useLetter(id.run, id.task)
  const isGone = letter.error instanceof ApiFailure && letter.error.status === 404
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    // Where it takes the place of the list, the focus goes with it.
    if (matchMedia('(width < 60rem)').matches) section.current?.focus()
  }, [])
  return (
    <section
      ref={section}
      tabIndex={-1}
      className="letters-side letter-detail"
      aria-label="The opened letter"
      onKeyDown={event => isCloseKey(event) && onClose()}
    >
      <Button kind="quiet" icon="cross" className="letter-close" aria-label="Close" onClick={onClose} />
      {isGone && <p>It is no dead letter any more: it was tried again or discarded.</p>}
      {letter.error && !isGone && <Failure error={letter.error} retry={letter.refetch} />}
      {letter.data && !isGone && <Whole letter={letter.data} onAccepted={onAccepted} onClose={onClose} />}
    </section>
  )
}

function Whole({ letter, onAccepted, onClose }: Omit<Props, 'id'> & { letter: DeadLetterDetail }) {
  const mayAct = useMayAct()
  const [isEditing, setEditing] = useState(false)
  return (
    <>
      <Why letter={letter} />
      {isEditing ? (
        <Edit letter={letter} onAccepted={onAccepted} onClose={onClose} onCancel={() => setEditing(false)} />
      ) : (
        <>
          <div className="letter-message-head">
            <h2>Message</h2>
            <Copy what="message" text={() => JSON.stringify(letter.message, null, 2)} />
          </div>
          <JsonView value={letter.message} />
          {mayAct && (
            <Actions
              letter={letter}
              onAccepted={onAccepted}
              onClose={onClose}
              onEdit={() => setEditing(true)}
            />
          )}
        </>
      )}
    </>
  )
}

function Why({ letter }: { letter: DeadLetterDetail }) {
  const { error } = letter
  return (
    <>
      <header className="letter-head">
        <Badge tone="bad" icon="cross">
          {error.code || 'error'}
        </Badge>
        <Link className="mono" href={withQuery(path('flows', letter.flow), { node: letter.node })}>
          {letter.node}:{letter.port}
        </Link>
        <span className="mono muted">{error.place}</span>
      </header>
      <p className="letter-error">
        <Text text={error.message} />
      </p>
      <Excerpt text={error.excerpt} />
      <p className="letter-facts muted">
        <Link href={path('runs', letter.run)}>run of {letter.flow}</Link>
        <FullTime at={error.at} />
        <span>{plural(letter.attempts, 'attempt')}</span>
        <span>{error.retryable ? 'may succeed as it is' : 'fails again unless something is changed'}</span>
        <Facts facts={error.context} />
      </p>
    </>
  )
}

type ActProps = Pick<Props, 'onAccepted' | 'onClose'> & { letter: DeadLetterDetail }

function useRetry({ letter, onAccepted, onClose }: ActProps) {
  return useAction<{ message?: DeadLetterDetail['message'] }>({
    act: body => post(`${path('dead-letters', letter.run, letter.task)}/retry`, body),
    done: () => 'The letter begins again',
    after: () => {
      onAccepted({ accepted: [{ run: letter.run, task: letter.task }] })
      onClose()
    },
  })
}

/** A text field of more than this freezes a browser for seconds. */
const MOST_EDITED = 1_000_000

/** Why a message is not edited here; empty if it is. */
function whyFixed(letter: DeadLetterDetail): string {
  if (letter.isMasked) return 'It holds secrets, which are not shown, so it cannot be edited here.'
  if (letter.messageText.length > MOST_EDITED) return 'It is too large to be edited here.'
  return ''
}

function Actions({ letter, onAccepted, onClose, onEdit }: ActProps & { onEdit: () => void }) {
  const [isAsking, setAsking] = useState(false)
  const retry = useRetry({ letter, onAccepted, onClose })
  const discard = useAction({
    act: () => remove(path('dead-letters', letter.run, letter.task)),
    done: () => 'The letter is discarded',
    after: onClose,
  })
  const fixed = whyFixed(letter)
  return (
    <div className="letter-actions">
      <Button icon="retry" kind="primary" isBusy={retry.isPending} onClick={() => retry.mutate({})}>
        Retry
      </Button>
      <Button onClick={onEdit} disabled={fixed !== ''}>
        Edit and retry
      </Button>
      <Button icon="bin" kind="danger" onClick={() => setAsking(true)}>
        Discard
      </Button>
      {fixed !== '' && (
        <p className="muted">
          {fixed} <code>headrace runs retry --data @FILE</code> takes another one.
        </p>
      )}
      {isAsking && (
        <Confirm
          title="Discard this dead letter?"
          action="Discard"
          isDangerous
          isBusy={discard.isPending}
          onConfirm={() => discard.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>Its message is gone for good: what it holds is never written.</p>
        </Confirm>
      )}
    </div>
  )
}

function Edit({ letter, onAccepted, onClose, onCancel }: ActProps & { onCancel: () => void }) {
  const draft = useJsonDraft(letter.message)
  const retry = useRetry({ letter, onAccepted, onClose })
  return (
    <>
      <JsonEditor draft={draft} label="Message" rows={28} />
      <div className="letter-actions">
        <Button
          icon="retry"
          kind="primary"
          isBusy={retry.isPending}
          disabled={draft.value === undefined}
          onClick={() => draft.value !== undefined && retry.mutate({ message: draft.value })}
        >
          Retry with this message
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </>
  )
}
