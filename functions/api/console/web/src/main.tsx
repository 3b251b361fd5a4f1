import { render } from 'preact'
import { App } from './app'
import { followLinks } from '@shared/lib/router'
import { applyTheme, storedTheme } from '@shared/lib/theme'

applyTheme(storedTheme())
document.addEventListener('click', followLinks)
const root = document.getElementById('app')
if (root) render(<App />, root)
