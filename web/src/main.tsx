import { render } from 'preact';
import { App } from './app.js';
import { connect } from './connection.js';
import { createSession } from './model/session.js';
import './style.css';
import { startTheme } from './theme.js';

startTheme();
const session = createSession();
const connection = connect(session);
const root = document.getElementById('app');
if (root) render(<App session={session} connection={connection} />, root);
