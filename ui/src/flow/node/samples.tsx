import { useId } from 'react'
import type { Sample } from '../../api/types'
import { JsonView } from '../../parts/json'
import { Badge } from '../../parts/status'
import { Time } from '../../parts/time'

export const sampleKey = ({ at, run, direction, port }: Sample) => `${at} ${run} ${direction} ${port}`

interface Props {
  samples: Sample[]
  chosen: Sample | null
  choose: (sample: Sample) => void
}

/** The latest messages in and out; the chosen one stays when newer ones come. */
export function Samples({ samples, chosen, choose }: Props) {
  const isKept = chosen === null || samples.some(sample => sampleKey(sample) === sampleKey(chosen))
  const listed = isKept ? samples : [chosen, ...samples]
  if (listed.length === 0) {
    return (
      <p className="muted">
        No message has come by in this process since it began. Samples are kept as runs go, each where it is.
      </p>
    )
  }
  return (
    <>
      <div className="samples">
        {(['in', 'out'] as const).map(direction => (
          <Row
            key={direction}
            direction={direction}
            samples={listed.filter(sample => sample.direction === direction)}
            chosen={chosen}
            choose={choose}
          />
        ))}
      </div>
      {chosen && (
        <div className="sample">
          {chosen.isCut && <Badge tone="warn">cut: the message is longer</Badge>}
          <JsonView key={sampleKey(chosen)} value={chosen.message} depth={2} />
        </div>
      )}
    </>
  )
}

function Row({ direction, samples, chosen, choose }: Props & { direction: 'in' | 'out' }) {
  const name = useId()
  if (samples.length === 0) return null
  return (
    <fieldset>
      <legend className="only-read-aloud">Messages {direction}</legend>
      <span className="samples-direction" aria-hidden="true">
        {direction === 'in' ? 'In' : 'Out'}
      </span>
      <div className="samples-choices">
        {samples.map(sample => (
          <label key={sampleKey(sample)} className="sample-choice">
            <input
              type="radio"
              name={name}
              checked={chosen !== null && sampleKey(chosen) === sampleKey(sample)}
              onChange={() => choose(sample)}
            />
            {sample.port} <Time at={sample.at} />
          </label>
        ))}
      </div>
    </fieldset>
  )
}
