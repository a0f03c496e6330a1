/** The mark of headrace: an H whose bar is water. */
export function Mark() {
  return (
    <svg className="mark-of-headrace" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M5 3v18M19 3v18" />
      <path d="M5 10c3.500-2.600 5.200 2.400 8.200 2.400S16.500 10.500 19 9.600M5 15c3.500-2.600 5.200 2.400 8.200 2.400S16.500 15.500 19 14.600" />
    </svg>
  )
}
