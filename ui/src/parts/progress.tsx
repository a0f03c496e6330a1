import './progress.css'
import { formatPercent } from './format'

interface Props {
  done: number
  /** 0: nobody knows */
  total: number
  label: string
}

export function Progress({ done, total, label }: Props) {
  const isKnown = total > 0
  return (
    <progress
      className={isKnown ? 'progress' : 'progress progress-unknown'}
      aria-label={label}
      title={isKnown ? formatPercent(done, total) : 'how much there is to do is not known'}
      {...(isKnown ? { value: Math.min(done, total), max: total } : {})}
    />
  )
}
