import { render } from 'preact';
import { connect } from '../connection.js';
import { createSession } from '../model/session.js';
import '../style/tokens.css';
import '../style/base.css';
import './phone.css';
import { startTheme } from '../theme.js';
import { Phone } from './Phone.js';

startTheme();
const session = createSession();
const connection = connect(session, { withMap: false, maxRateHz: 10 });
const root = document.getElementById('app');
if (root) render(<Phone session={session} connection={connection} />, root);
