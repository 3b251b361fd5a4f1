import { useState } from 'preact/hooks'
import { applyTheme, storedTheme, type Theme } from '../lib/theme'
import { Icon, type IconName } from './icons'

const order: Theme[] = ['', 'light', 'dark']
const names: Record<Theme, string> = { '': 'system', light: 'light', dark: 'dark' }
const icons: Record<Theme, IconName> = { '': 'system', light: 'sun', dark: 'moon' }

/** ThemeButton goes round the three themes. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme)
  const next = order[(order.indexOf(theme) + 1) % order.length] ?? ''
  return (
    <button
      type="button"
      class="button quiet icon-only"
      aria-label={`Theme: ${names[theme]}. Change to ${names[next]}`}
      title={`Theme: ${names[theme]}`}
      onClick={() => {
        applyTheme(next)
        setTheme(next)
      }}
    >
      <Icon name={icons[theme]} />
    </button>
  )
}
