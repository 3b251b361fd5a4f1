/** Mark is the pages' sign: something goes through a door. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M6 16h9M11.5 11.8 15.7 16l-4.2 4.2M17 8h5a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3h-5" />
    </svg>
  )
}
