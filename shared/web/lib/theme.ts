/** Light, dark, or as the system has it (""). */
export type Theme = '' | 'light' | 'dark'

const key = 'theme'

/** storedTheme is what the person chose; nothing where storage is closed. */
export function storedTheme(): Theme {
  try {
    const value = localStorage.getItem(key)
    return value === 'light' || value === 'dark' ? value : ''
  } catch {
    return ''
  }
}

export function applyTheme(theme: Theme): void {
  if (theme) document.documentElement.dataset['theme'] = theme
  else delete document.documentElement.dataset['theme']
  try {
    if (theme) localStorage.setItem(key, theme)
    else localStorage.removeItem(key)
  } catch {
    // It lasts until the page is left.
  }
}
