//! Network keys that are known but have no effect.

use crate::idle::idle;

idle! {
    /// Network keys without effect, of servers and of their outgoing connections.
    NET_IDLE = {
        NotNeeded "`networkThreads` is the only number of threads" {
            serverWorkerThreads = "8",
            serverSelectorThreads = "3",
            serverCallbackExecutorThreads = "0",
            clientWorkerThreads = "4",
            clientCallbackExecutorThreads = "",
            disableCallbackExecutor = "false",
            disableNettyWorkerGroup = "false",
            serverNettyWorkerGroupEnable = "true",
            useEpollNativeSelector = "false",
        }
        NotNeeded "calls in flight are bounded for each connection" {
            serverOnewaySemaphoreValue = "256",
            serverAsyncSemaphoreValue = "64",
            clientOnewaySemaphoreValue = "65535",
            clientAsyncSemaphoreValue = "65535",
        }
        NotNeeded "`maxUnsentBytesPerConnection` bounds what waits for a slow client" {
            writeBufferHighWaterMark = "0",
            writeBufferLowWaterMark = "0",
            serverPooledByteBufAllocatorEnable = "true",
            clientPooledByteBufAllocatorEnable = "false",
        }
        NotYet "telling clients to go elsewhere before a stop" {
            enableShutdownGracefully = "false",
            shutdownWaitTimeSeconds = "30",
            enableReconnectForGoAway = "true",
        }
        NotYet "settings of outgoing connections" {
            connectTimeoutMillis = "3000",
            channelNotActiveInterval = "60000",
            clientChannelMaxIdleTimeSeconds = "120",
            clientSocketSndBufSize = "0",
            clientSocketRcvBufSize = "0",
            clientCloseSocketIfTimeout = "true",
            socksProxyConfig = "{}",
            maxReconnectIntervalTimeSeconds = "60",
            scanAvailableNameSrv = "true",
        }
        NotYet "TLS" {
            useTLS = "false",
        }
    }
}
