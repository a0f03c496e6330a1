import { ApiFailure } from '../api/client'
import { Button } from './button'
import './failure.css'

/** A read that went wrong, where its result would be. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const code = error instanceof ApiFailure ? error.code : ''
  return (
    <div className="failure" role="alert">
      <span>
        {code !== '' && <code>{code} </code>}
        {error.message}
      </span>
      {retry && (
        <Button icon="retry" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}
