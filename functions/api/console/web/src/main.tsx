import { render } from 'preact'
import { App } from './app'
import { followLinks } from './lib/router'
import { applyTheme, storedTheme } from './lib/theme'

applyTheme(storedTheme())
document.addEventListener('click', followLinks)
const root = document.getElementById('app')
if (root) render(<App />, root)
