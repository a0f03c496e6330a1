import { Panel } from '../../parts/panel'
import type { StillFlow } from '../use-flow'
import { TriggerRow } from './trigger-row'
import './triggers.css'

export function Triggers({ flow }: { flow: StillFlow }) {
  return (
    <Panel title={flow.triggers.length > 1 ? 'Triggers' : 'Trigger'} className="triggers">
      {flow.triggers.length === 0 ? (
        <p className="triggers-none muted">Nothing starts this flow.</p>
      ) : (
        <ul>
          {flow.triggers.map(trigger => (
            <TriggerRow key={trigger.node} flow={flow} trigger={trigger} />
          ))}
        </ul>
      )}
    </Panel>
  )
}
