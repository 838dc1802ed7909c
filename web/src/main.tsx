import { render } from 'preact';
import { App } from './app.js';
import { connect } from './connection.js';
import { createSession } from './model/session.js';
import './style/tokens.css';
import './style/base.css';
import './style/timeline.css';
import './style/page.css';
import { startTheme } from './theme.js';

startTheme();
const session = createSession();
const connection = connect(session);
const root = document.getElementById('app');
if (root) render(<App session={session} connection={connection} />, root);
