//! Broker keys that are known but have no effect.

use crate::idle::idle;

idle! {
    /// Broker keys without effect.
    BROKER_IDLE = {
        NotYet "finding name servers by HTTP or DNS" {
            fetchNamesrvAddrByAddressServer = "false",
            fetchNamesrvAddrInterval = "10000",
            fetchNameSrvAddrByDnsLookup = "false",
            updateNameServerAddrPeriod = "120000",
            rmqAddressServerDomain = "",
            rmqAddressServerSubGroup = "",
        }
        NotNeeded "no home directory is needed" {
            rocketmqHome = "",
        }
        NotNeeded "there is one broker in a process" {
            inBrokerContainer = "false",
            brokerConfigPath = "",
        }
        NotYet "topic and group administration" {
            validateSystemTopicWhenUpdateTopic = "true",
            enableMixedMessageType = "false",
            clearRetryTopicWhenDeleteTopic = "true",
            enableCreateSysGroup = "true",
            useStaticSubscription = "false",
            autoDeleteUnusedStats = "true",
            enableSplitMetadata = "true",
            splitMetadataSize = "2000",
        }
        NotYet "settings in RocksDB" {
            configManagerVersion = "v1",
        }
        NotYet "changing keys of a broker over the network" {
            configBlackList = "configBlackList;brokerConfigPath",
        }
        NotYet "subscriptions that outlive their members" {
            subscriptionExpiredTimeout = "600000",
        }
        NotYet "registration in parts" {
            compressedRegister = "false",
            enableSplitRegistration = "false",
            splitRegistrationSize = "800",
            enableSingleTopicRegister = "false",
        }
        NotYet "replication and groups of replicas" {
            brokerHeartbeatInterval = "1000",
            sendHeartbeatTimeoutMillis = "1000",
            brokerNotActiveTimeoutMillis = "10000",
            syncBrokerMemberGroupPeriod = "1000",
            enableSlaveActingMaster = "false",
            enableRemoteEscape = "false",
            skipPreOnline = "false",
            compatibleWithOldNameSrv = "true",
            lockInStrictMode = "false",
            loadBalancePollNameServerInterval = "30000",
            slaveReadEnable = "false",
        }
        NotYet "static topics" {
            forwardTimeout = "3000",
        }
        NotNeeded "RocketMQ itself does not use it" {
            cleanOfflineBrokerInterval = "30000",
            flushConsumerOffsetHistoryInterval = "60000",
            highSpeedMode = "false",
        }
        NotNeeded "there are no thread pools for kinds of requests; `networkThreads` is all there is" {
            sendMessageThreadPoolNums = "",
            putMessageFutureThreadPoolNums = "",
            pullMessageThreadPoolNums = "",
            litePullMessageThreadPoolNums = "",
            ackMessageThreadPoolNums = "",
            processReplyMessageThreadPoolNums = "",
            queryMessageThreadPoolNums = "",
            adminBrokerThreadPoolNums = "16",
            clientManageThreadPoolNums = "32",
            consumerManageThreadPoolNums = "32",
            heartbeatThreadPoolNums = "",
            endTransactionThreadPoolNums = "",
            loadBalanceProcessorThreadPoolNums = "32",
            recoverThreadPoolNums = "32",
        }
        NotNeeded "requests do not wait in queues; connections are slowed down instead" {
            sendThreadPoolQueueCapacity = "10000",
            putThreadPoolQueueCapacity = "10000",
            pullThreadPoolQueueCapacity = "100000",
            litePullThreadPoolQueueCapacity = "100000",
            ackThreadPoolQueueCapacity = "100000",
            replyThreadPoolQueueCapacity = "10000",
            queryThreadPoolQueueCapacity = "20000",
            adminBrokerThreadPoolQueueCapacity = "10000",
            clientManagerThreadPoolQueueCapacity = "1000000",
            consumerManagerThreadPoolQueueCapacity = "1000000",
            heartbeatThreadPoolQueueCapacity = "50000",
            endTransactionPoolQueueCapacity = "100000",
            loadBalanceThreadPoolQueueCapacity = "100000",
            brokerFastFailureEnable = "true",
            waitTimeMillsInSendQueue = "200",
            waitTimeMillsInPullQueue = "5000",
            waitTimeMillsInLitePullQueue = "5000",
            waitTimeMillsInHeartbeatQueue = "31000",
            waitTimeMillsInTransactionQueue = "3000",
            waitTimeMillsInAckQueue = "3000",
            waitTimeMillsInAdminBrokerQueue = "5000",
        }
        NotYet "flow control by rule" {
            startAcceptSendRequestTimeStamp = "0",
            enableNetWorkFlowControl = "false",
            disableConsumeIfConsumerReadSlowly = "false",
            consumerFallbehindThreshold = "17179869184",
            cgColdReadThreshold = "3145728",
            globalColdReadThreshold = "104857600",
            coldCtrStrategyEnable = "false",
            usePIDColdCtrStrategy = "true",
        }
        NotNeeded "members of a group are always told at once, with many changes in one go" {
            realTimeNotifyConsumerChange = "true",
        }
        NotYet "resetting offsets in the broker" {
            useServerSideResetOffset = "true",
            consumerOffsetUpdateVersionStep = "500",
        }
        NotNeeded "lite pull is always served" {
            litePullMessageEnable = "true",
        }
        NotNeeded "messages always reach the socket in one copy" {
            transferMsgByHeap = "true",
        }
        NotYet "filtering by SQL92" {
            enablePropertyFilter = "false",
            filterSupportRetry = "false",
            enableCalcFilterBitMap = "false",
            expectConsumerNumUseFilter = "32",
            maxErrorRateOfBloomFilter = "20",
            filterDataCleanTimeSpan = "86400000",
        }
        NotYet "offsets of broadcasting consumers in the broker" {
            enableBroadcastOffsetStore = "true",
            broadcastOffsetExpireSecond = "120",
            broadcastOffsetExpireMaxSecond = "300",
        }
        NotYet "sharing out queues in the broker" {
            serverLoadBalancerEnable = "true",
            defaultMessageRequestMode = "PULL",
            defaultPopShareQueueNum = "-1",
        }
        NotYet "lag of groups with a filter" {
            estimateAccumulation = "true",
        }
        NotYet "POP consumption" {
            popPollingSize = "1024",
            maxPopPollingSize = "100000",
            popPollingMapSize = "100000",
            popPollingMapExpireTimeSeconds = "600",
            popLongPollingForceNotifyInterval = "800",
            popFromRetryProbability = "20",
            reviveQueueNum = "8",
            reviveInterval = "1000",
            reviveMaxSlow = "3",
            reviveScanTime = "10000",
            enableSkipLongAwaitingAck = "false",
            reviveAckWaitMs = "180000",
            skipWhenCKRePutReachMaxTimes = "false",
            enablePopBufferMerge = "false",
            popCkStayBufferTime = "10000",
            popCkStayBufferTimeOut = "3000",
            popCkMaxBufferSize = "200000",
            popCkOffsetMaxQueueSize = "20000",
            enablePopBatchAck = "false",
            appendAckAsync = "false",
            appendCkAsync = "false",
            enablePopLog = "false",
            enableNotifyBeforePopCalculateLag = "true",
            enableNotifyAfterPopOrderLockRelease = "true",
            initPopOffsetByCheckMsgInMem = "true",
            enableRetryTopicV2 = "false",
            retrieveMessageFromPopRetryTopicV1 = "true",
            popResponseReturnActualRetryTopic = "false",
            enablePopMessageThreshold = "false",
            popInflightMessageThreshold = "10000",
            popConsumerFSServiceInit = "true",
            popConsumerKVServiceInit = "false",
            popConsumerKVServiceEnable = "false",
            popConsumerKVServiceLog = "false",
            popReviveMaxReturnSizePerRead = "16384",
            popReviveMaxAttemptTimes = "16",
        }
        NotYet "transactions" {
            rejectTransactionMessage = "false",
            transactionTimeOut = "6000",
            transactionCheckMax = "15",
            transactionCheckInterval = "30000",
            transactionMetricFlushInterval = "10000",
            transactionOpMsgMaxSize = "4096",
            transactionOpBatchInterval = "3000",
        }
        NotYet "recalling delayed messages" {
            delayOffsetUpdateVersionStep = "200",
            recallMessageEnable = "false",
            allowRecallWhenBrokerNotWriteable = "true",
        }
        NotNeeded "sending never blocks a thread" {
            asyncSendEnable = "true",
        }
        NotYet "controller mode" {
            enableControllerMode = "false",
            controllerAddr = "",
            fetchControllerAddrByDnsLookup = "false",
            syncBrokerMetadataPeriod = "5000",
            checkSyncStateSetPeriod = "5000",
            syncControllerMetadataPeriod = "10000",
            controllerHeartBeatTimeoutMills = "10000",
            brokerElectionPriority = "2147483647",
        }
        NotYet "metrics" {
            metricsExporterType = "DISABLE",
            metricsPromExporterPort = "5557",
            metricsPromExporterHost = "",
            metricsGrpcExporterTarget = "",
            metricsGrpcExporterHeader = "",
            metricGrpcExporterTimeOutInMills = "3000",
            metricGrpcExporterIntervalInMills = "60000",
            metricLoggingExporterIntervalInMills = "10000",
            metricsLabel = "",
            metricsInDelta = "false",
            metricsOtelCardinalityLimit = "50000",
            enableRemotingMetrics = "true",
            enableMessageStoreMetrics = "true",
            enablePopMetrics = "true",
            enableConnectionMetrics = "true",
            enableTransactionMetrics = "true",
            enableStatsMetrics = "true",
            enableRequestMetrics = "true",
            enableLagAndDlqMetrics = "true",
            enableDetailStat = "true",
            maxStatsIdleTimeInMinutes = "-1",
            enableLmqStats = "false",
            accountStatsEnable = "true",
            accountStatsPrintZeroValues = "true",
            commercialBaseCount = "1",
            commercialSizePerMsg = "4096",
        }
        NotYet "log files" {
            isolateLogEnable = "false",
            printChannelGroups = "false",
            printChannelGroupsMinNum = "5",
        }
        NotNeeded "connections are watched where they are served" {
            enableFastChannelEventProcess = "false",
            enableRegisterProducer = "true",
        }
        NotYet "plug-ins of the store" {
            messageStorePlugIn = "",
        }
        NotNeeded "recovery is not split among threads" {
            recoverConcurrently = "false",
        }
        NotYet "authentication and authorisation; the old `aclEnable` has no effect in RocketMQ 5 either" {
            aclEnable = "false",
            authenticationEnabled = "false",
            authenticationProvider = "",
            authenticationMetadataProvider = "",
            authenticationStrategy = "",
            authenticationWhitelist = "",
            initAuthenticationUser = "",
            innerClientAuthenticationCredentials = "",
            authorizationEnabled = "false",
            authorizationProvider = "",
            authorizationMetadataProvider = "",
            authorizationStrategy = "",
            authorizationWhitelist = "",
            migrateAuthFromV1Enabled = "false",
        }
    }
}
