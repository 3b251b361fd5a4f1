/** Small pictures drawn here, so that nothing is fetched for them. They say nothing that text beside them does not. */
const paths = {
  ok: 'M3.5 8.5l3 3 6-7',
  failed: 'M4 4l8 8M12 4l-8 8',
  pending: 'M8 4v4.5l3 1.8',
  open: 'M8 7.9v.2',
  warning: 'M8 2.2 14.6 13.6H1.4zM8 6.4v3M8 11.5v.1',
  home: 'M2.5 7.5 8 3l5.5 4.5V13h-4V9.5h-3V13h-4z',
  device: 'M4.5 2.5h7v11h-7zM7 11.5h2',
  group: 'M2.5 4.5h11v8h-11zM2.5 7h11M5 9.8h3',
  hub: 'M8 6.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4M8 6.3V2.5M6.6 9l-3.3 2.5M9.4 9l3.3 2.5',
  pause: 'M5.5 4v8M10.5 4v8',
  play: 'M5.5 3.8 12 8l-6.5 4.2z',
  sun: 'M8 5.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13 9.8A5.5 5.5 0 0 1 6.2 3a5.5 5.5 0 1 0 6.8 6.8z',
  system: 'M2.5 3.5h11v7.5h-11zM6 13.5h4',
  user: 'M8 2.8a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M3 13.5c.5-2.7 2.5-4 5-4s4.5 1.3 5 4',
  plus: 'M8 3.5v9M3.5 8h9',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3',
  upload: 'M8 10.5V3M5 6l3-3 3 3M3 12.8h10',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  right: 'M6 3.5 10.5 8 6 12.5',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  )
}
