//! Name server keys that are known but have no effect.

use crate::idle::idle;

idle! {
    /// Name server keys without effect.
    NAMESRV_IDLE = {
        NotNeeded "no home directory is needed" {
            rocketmqHome = "",
        }
        NotNeeded "the end of a broker's time is a timer, nothing scans" {
            scanNotActiveBrokerInterval = "5000",
        }
        NotNeeded "there are no thread pools for kinds of requests; `networkThreads` is all there is" {
            clientRequestThreadPoolNums = "8",
            clientRequestThreadPoolQueueCapacity = "50000",
            defaultThreadPoolNums = "16",
            defaultThreadPoolQueueCapacity = "10000",
            unRegisterBrokerQueueCapacity = "3000",
        }
        NotYet "telling brokers which replica has the smallest id" {
            notifyMinBrokerIdChanged = "false",
        }
        NotYet "the controller" {
            enableControllerInNamesrv = "false",
        }
        NotYet "cluster-test mode" {
            productEnvName = "center",
            clusterTest = "false",
        }
    }
}
