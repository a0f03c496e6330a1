import { type ReactNode, useEffect, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { useFlows, useSession } from '../api/queries'
import { Button } from '../parts/button'
import { formatCount } from '../parts/format'
import { Icon, type IconName } from '../parts/icon'
import { Badge } from '../parts/status'
import { nextScheme, type Scheme, setScheme, useScheme } from '../theme/scheme'
import { Boundary } from './boundary'
import { ConnectionState } from './connection'
import { PALETTE_KEY } from './keys'
import { Mark } from './mark'
import { Overlays, useOverlay } from './overlays'
import './shell.css'

const PAGES: { href: string; name: string; icon: IconName }[] = [
  { href: '/', name: 'Overview', icon: 'flow' },
  { href: '/runs', name: 'Runs', icon: 'list' },
  { href: '/dead-letters', name: 'Dead letters', icon: 'letter' },
]

export function Shell({ children }: { children: ReactNode }) {
  const main = useRef<HTMLElement>(null)
  const [shown, show] = useOverlay()
  const [location] = useLocation()
  useFocusOnNavigation(main, location)
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="bar">
        <Link href="/" className="bar-home" aria-label="headrace, overview">
          <Mark />
          <span>headrace</span>
        </Link>
        <Navigation />
        <div className="bar-end">
          <ConnectionState />
          <ReadOnly />
          <Button kind="quiet" icon="search" className="bar-search" onClick={() => show('palette')}>
            <span className="bar-search-text">Go to or do</span>
            <span className="kbd">{PALETTE_KEY}</span>
          </Button>
          <SchemeButton />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary key={location}>{children}</Boundary>
      </main>
      <Overlays shown={shown} show={show} />
    </>
  )
}

function Navigation() {
  const [location] = useLocation()
  const letters = (useFlows().data ?? []).reduce((sum, flow) => sum + flow.deadLetters, 0)
  return (
    <nav className="bar-nav" aria-label="Pages">
      {PAGES.map(({ href, name, icon }) => {
        const isHere =
          href === '/' ? location === '/' || location.startsWith('/flows') : location.startsWith(href)
        return (
          <Link key={href} href={href} aria-current={isHere ? 'page' : undefined}>
            <Icon name={icon} />
            <span>{name}</span>
            {href === '/dead-letters' && letters > 0 && (
              <span className="bar-count">{formatCount(letters)}</span>
            )}
          </Link>
        )
      })}
    </nav>
  )
}

function ReadOnly() {
  const session = useSession().data
  return session?.access === 'read' ? <Badge tone="idle">read only</Badge> : null
}

const SCHEMES: { [scheme in Scheme]: { icon: IconName; name: string } } = {
  system: { icon: 'screen', name: 'as the system' },
  light: { icon: 'sun', name: 'light' },
  dark: { icon: 'moon', name: 'dark' },
}

function SchemeButton() {
  const scheme = useScheme()
  const label = `Colours: ${SCHEMES[scheme].name}; change`
  return (
    <Button
      kind="quiet"
      icon={SCHEMES[scheme].icon}
      aria-label={label}
      title={label}
      onClick={() => setScheme(nextScheme(scheme))}
    />
  )
}

/** After a change of page the focus is in its content, where a reader begins; not on the first load. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>, location: string) {
  const before = useRef(location)
  useEffect(() => {
    if (before.current === location) return
    before.current = location
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [location, main])
}
