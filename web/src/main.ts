/** Starts the page. */

import { mount } from 'svelte';
import App from './App.svelte';
import './ui/base.css';
import './ui/field.css';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with the id "app": the page has nowhere to stand.');
mount(App, { target });
