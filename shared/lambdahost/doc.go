// Package lambdahost runs a function of the service on AWS Lambda: it reads the settings, has the function put together, and
// serves invocations until the platform ends the process.
//
//	environment ─▶ Env ─▶ Wire (the function's own cmd) ─▶ Function ─▶ the platform's loop
//
// What a function answers travels in the contract's reply envelope; see Synchronous, Asynchronous and HTTP for how the
// invocation itself ends.
package lambdahost
