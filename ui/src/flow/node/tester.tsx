import { useId, useState } from 'react'
import type { Evaluation, Sample } from '../../api/types'
import { Excerpt } from '../../parts/excerpt'
import { Failure } from '../../parts/failure'
import { JsonView } from '../../parts/json'
import { Text } from '../../parts/text'
import { sampleKey } from './samples'
import { useEvaluation } from './use-evaluation'

interface Props {
  flow: string
  sample: Sample | null
}

const NO_MESSAGE = {}

/** Tries an expression on a real message, as one types. */
export function Tester({ flow, sample }: Props) {
  const [text, setText] = useState('')
  const id = useId()
  const { evaluation, error, isOld } = useEvaluation(
    flow,
    text,
    sample?.message ?? NO_MESSAGE,
    sample ? sampleKey(sample) : '',
  )
  return (
    <div className="tester">
      <label htmlFor={id}>
        Expression, where <code>$</code> is {sample ? 'the message above' : 'an empty message'}
      </label>
      <textarea
        id={id}
        className="field mono"
        rows={2}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        placeholder="keys($)  or  Hello {{$.name}}"
        value={text}
        aria-invalid={evaluation !== undefined && evaluation.problem !== null}
        aria-describedby={`${id}-result`}
        onChange={event => setText(event.target.value)}
      />
      <div
        id={`${id}-result`}
        className={isOld ? 'tester-result is-old' : 'tester-result'}
        aria-live="polite"
      >
        {error && <Failure error={error} />}
        {!error && evaluation && <Result evaluation={evaluation} />}
      </div>
    </div>
  )
}

function Result({ evaluation: { value, problem } }: { evaluation: Evaluation }) {
  if (problem) {
    return (
      <>
        <p className="tester-problem">
          {problem.code} <Text text={problem.message} />
        </p>
        <Excerpt text={problem.excerpt} />
        {problem.cure !== '' && (
          <p>
            <Text text={problem.cure} />
          </p>
        )}
      </>
    )
  }
  return <JsonView value={value} depth={2} />
}
