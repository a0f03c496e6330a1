import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { path, post } from '../../api/client'
import { keys, useMayAct } from '../../api/queries'
import type { Json, Trigger } from '../../api/types'
import { useAction } from '../../parts/action'
import { Button } from '../../parts/button'
import { Badge } from '../../parts/status'
import { Time } from '../../parts/time'
import type { StillFlow } from '../use-flow'
import { FireDialog } from './fire-dialog'
import { Firings } from './firings'

interface Props {
  flow: StillFlow
  trigger: Trigger
}

export function TriggerRow({ flow, trigger }: Props) {
  const [isAsking, setAsking] = useState(false)
  const [isListing, setListing] = useState(false)
  const mayAct = useMayAct()
  const at = (action: string) => path('flows', flow.name, 'triggers', trigger.node, action)
  const fire = useAction<{ payload?: Json }, { run: string }>({
    act: body => post(at('fire'), body),
    done: ({ run }) => `${trigger.node} started run ${run}`,
    after: () => setAsking(false),
  })
  return (
    <li className="trigger">
      <div className="trigger-what">
        <strong>{trigger.node}</strong>
        <span className="trigger-when">{trigger.when ?? 'on request'}</span>
        <Next trigger={trigger} />
      </div>
      {mayAct && (
        <div className="trigger-buttons">
          <Button
            icon="play"
            disabled={!flow.takesActions}
            isBusy={fire.isPending}
            onClick={() => fire.mutate({})}
          >
            Run now
          </Button>
          <Button disabled={!flow.takesActions} onClick={() => setAsking(true)}>
            Run with…
          </Button>
          {trigger.kind !== 'signal' && <PauseButton flow={flow} trigger={trigger} />}
        </div>
      )}
      {trigger.kind === 'schedule' && (
        <button
          type="button"
          className="trigger-more"
          aria-expanded={isListing}
          onClick={() => setListing(!isListing)}
        >
          {isListing ? 'Hide the next firings' : 'Next firings'}
        </button>
      )}
      <p className="trigger-result" role="status">
        {fire.data && (
          <>
            Started: <Link href={path('runs', fire.data.run)}>run {fire.data.run}</Link>
          </>
        )}
      </p>
      {isListing && <Firings flow={flow.name} trigger={trigger} />}
      {isAsking && (
        <FireDialog
          trigger={trigger}
          isBusy={fire.isPending}
          failure={fire.error}
          fire={payload => fire.mutate({ payload })}
          close={() => setAsking(false)}
        />
      )}
    </li>
  )
}

function Next({ trigger }: { trigger: Trigger }) {
  if (!trigger.isStarted && trigger.isPaused) return <Badge tone="idle">not started in the file</Badge>
  if (trigger.isPaused) {
    return (
      <Badge tone="warn" icon="pause">
        paused
      </Badge>
    )
  }
  if (trigger.nextFiring === null) return null
  return (
    <span className="trigger-next">
      next <Time at={trigger.nextFiring} />
    </span>
  )
}

function PauseButton({ flow, trigger }: Props) {
  const client = useQueryClient()
  const { isPaused, node } = trigger
  const turn = useAction<void, Trigger>({
    act: () => post(path('flows', flow.name, 'triggers', node, isPaused ? 'resume' : 'pause')),
    done: () => (isPaused ? `${node} fires again` : `${node} is paused`),
    after: () => void client.invalidateQueries({ queryKey: keys.flow(flow.name), exact: true }),
  })
  return (
    <Button
      icon={isPaused ? 'play' : 'pause'}
      disabled={!flow.takesActions}
      isBusy={turn.isPending}
      onClick={() => turn.mutate()}
    >
      {isPaused ? 'Resume' : 'Pause'}
    </Button>
  )
}
