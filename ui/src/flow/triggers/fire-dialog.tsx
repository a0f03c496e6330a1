import type { Json, Trigger } from '../../api/types'
import { Button } from '../../parts/button'
import { Dialog } from '../../parts/dialog'
import { Failure } from '../../parts/failure'
import { JsonEditor, useJsonDraft } from '../../parts/json'

interface Props {
  trigger: Trigger
  isBusy: boolean
  failure: Error | null
  fire: (payload: Json) => void
  close: () => void
}

/** Starts a run with a payload that a person writes, from the trigger's own. */
export function FireDialog({ trigger, isBusy, failure, fire, close }: Props) {
  const draft = useJsonDraft(trigger.payload)
  const { value } = draft
  return (
    <Dialog title={`Run ${trigger.node} now`} onClose={close}>
      <JsonEditor draft={draft} label="Payload" />
      {failure && <Failure error={failure} />}
      <div className="dialog-buttons">
        <Button onClick={close}>Cancel</Button>
        <Button
          kind="primary"
          icon="play"
          isBusy={isBusy}
          disabled={value === undefined}
          onClick={() => value !== undefined && fire(value)}
        >
          Run now
        </Button>
      </div>
    </Dialog>
  )
}
