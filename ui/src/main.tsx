import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { takeTokenFromAddress } from './api/token'
import { App } from './app'
import './theme/tokens.css'
import './theme/base.css'
import './parts/field.css'
import './parts/table.css'
import { applyScheme } from './theme/scheme'

takeTokenFromAddress()
addEventListener('hashchange', takeTokenFromAddress) // the link is opened where the page is open already
applyScheme()

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
