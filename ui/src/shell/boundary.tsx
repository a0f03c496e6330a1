import { Component, type ReactNode } from 'react'
import { Button } from '../parts/button'

interface State {
  error: Error | null
}

/**
 * Holds what went wrong while a page was drawn, so that the others can still be gone to. Mostly the server is
 * gone, or has been replaced by a newer one, whose files have other names; the page read anew is of that one.
 */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null }

  static getDerivedStateFromError(error: Error): State {
    return { error }
  }

  override render() {
    if (this.state.error === null) return this.props.children
    return (
      <div role="alert" className="boundary">
        <h1>This page cannot be shown</h1>
        <p>
          If the server does not answer, or was just replaced by another version, reading the page anew once
          it answers is all it needs. Otherwise it is a mistake of headrace:{' '}
          <code>{this.state.error.message}</code>
        </p>
        <Button icon="retry" kind="primary" onClick={() => location.reload()}>
          Read anew
        </Button>
      </div>
    )
  }
}
