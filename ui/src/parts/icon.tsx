import './icon.css'

/** Drawn on 16 by 16, in the colour of the text. */
const PATHS = {
  check: 'M3 8.5l3.200 3.200L13 4.800',
  cross: 'M4 4l8 8M12 4l-8 8',
  stop: 'M4 12L12 4',
  play: 'M5 3.500v9l7.500-4.500z',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  retry: 'M13 8a5 5 0 1 1-1.600-3.700M13 2v3h-3',
  warn: 'M8 2.200L14.500 13.500h-13zM8 6.500v3M8 11.500v.2',
  letter: 'M2 4h12v8.500H2zM2 4.500l6 4.500 6-4.500',
  sun: 'M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1.200v1.600M8 13.200v1.600M1.200 8h1.600M13.200 8h1.600M3.200 3.200l1.100 1.100M11.700 11.700l1.100 1.100M12.800 3.200l-1.100 1.100M4.300 11.700l-1.100 1.100',
  moon: 'M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z',
  screen: 'M2 3h12v8H2zM6 14h4M8 11v3',
  search: 'M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.300 10.300L14 14',
  right: 'M6 3l5 5-5 5',
  down: 'M3 6l5 5 5-5',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.500V8l2.500 1.500',
  flow: 'M2 4.500h4M2 4.500v0M10 8h4M6 4.500c3 0 1 3.500 4 3.500M2 11.500h4c3 0 1-3.500 4-3.500',
  list: 'M2 4h12M2 8h12M2 12h12',
  bin: 'M3 4.500h10M6 4.500V3h4v1.500M4.500 4.500l.6 8.500h5.800l.6-8.500',
  file: 'M4 2h5l3 3v9H4zM9 2v3h3',
  copy: 'M6 5.500h7.500v8H6zM10 5.500v-3H2.500v8H6',
  help: 'M5.800 6.200c0-3 4.600-2.900 4.600 0 0 1.800-2.400 1.900-2.400 3.600M8 12.300v.2',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
  'arrow-left': 'M13.500 8h-11M6.500 4l-4 4 4 4',
  'arrow-right': 'M2.500 8h11M9.500 4l4 4-4 4',
  'arrow-down': 'M8 2.500v11M4 9.500l4 4 4-4',
} as const

export type IconName = keyof typeof PATHS

/** Always beside a text or in a labelled button, so it is not read aloud. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
