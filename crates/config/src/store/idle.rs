//! Store keys that are known but have no effect.

use crate::idle::idle;

idle! {
    /// Store keys without effect.
    STORE_IDLE = {
        NotYet "more than one directory for the commit log" {
            readOnlyCommitLogStorePaths = "",
        }
        NotYet "replication" {
            storePathDLedgerCommitLog = "",
            storePathEpochFile = "",
            storePathBrokerIdentity = "",
            slaveTimeout = "3000",
            haListenPort = "",
            haMasterAddress = "",
            haSendHeartbeatInterval = "5000",
            haHousekeepingInterval = "20000",
            haTransferBatchSize = "32768",
            haMaxGapNotInSync = "268435456",
            haFlowControlEnable = "false",
            maxHaTransferByteInSecond = "104857600",
            totalReplicas = "1",
            inSyncReplicas = "1",
            minInSyncReplicas = "1",
            allAckInSyncStateSet = "false",
            enableAutoInSyncReplicas = "false",
            haMaxTimeSlaveNotCatchup = "15000",
            syncMasterFlushOffsetWhenStartup = "false",
            syncFromLastFile = "false",
            asyncLearner = "false",
            maxChecksumRange = "1073741824",
            duplicationEnable = "false",
            offsetCheckInSlave = "false",
            enableDLegerCommitLog = "false",
            dLegerGroup = "",
            dLegerPeers = "",
            dLegerSelfId = "",
            preferredLeaderId = "",
            enableBatchPush = "false",
        }
        NotNeeded "RocketMQ itself does not use it" {
            putMessageTimeout = "8000",
            maxTopicLength = "127",
            dispatchFromSenderThread = "false",
            dispatchCqThreads = "",
            dispatchCqCacheNum = "",
            enableAsyncReput = "true",
            putMsgIndexHightWater = "600000",
            maxSlaveResendLength = "268435456",
            pullBatchMaxMessageCount = "160",
            maxBatchDeleteFilesNum = "50",
            enableCleanExpiredOffset = "false",
            timerInterceptDelayLevel = "false",
            timerEnableDisruptor = "false",
            timerCheckMetricsWhen = "05",
            timerWarmEnable = "false",
            timerStopDequeue = "false",
            maxLmqConsumeQueueNum = "20000",
            mappedFileSwapEnable = "true",
            commitLogForceSwapMapInterval = "43200000",
            commitLogSwapMapInterval = "3600000",
            commitLogSwapMapReserveFileNum = "100",
            logicQueueForceSwapMapInterval = "43200000",
            logicQueueSwapMapInterval = "3600000",
            logicQueueSwapMapReserveFileNum = "20",
            cleanSwapedMapInterval = "300000",
        }
        NotYet "filtering by SQL92" {
            enableConsumeQueueExt = "false",
            mappedFileSizeConsumeQueueExt = "50331648",
            bitMapLengthConsumeQueueExt = "64",
        }
        NotYet "batch consume queues" {
            mapperFileSizeBatchConsumeQueue = "13800000",
            maxMsgsNumBatch = "64",
            searchBcqByCacheEnable = "true",
        }
        NotYet "delivery at any time" {
            mappedFileSizeTimerLog = "104857600",
            timerWheelEnable = "true",
            timerPrecisionMs = "1000",
            timerMaxDelaySec = "259200",
            timerRollWindowSlot = "172800",
            timerFlushIntervalMs = "1000",
            timerGetMessageThreadNum = "3",
            timerPutMessageThreadNum = "3",
            timerCongestNumEachSlot = "2147483647",
            timerEnableRetryUntilSuccess = "false",
            timerSkipUnknownError = "false",
            timerStopEnqueue = "false",
            timerEnableCheckMetrics = "true",
            timerMetricSmallThreshold = "1000000",
            timerProgressLogIntervalMs = "10000",
            timerColdDataCheckIntervalMs = "60000",
        }
        NotNeeded "delayed messages are always delivered without blocking a thread" {
            enableScheduleMessageStats = "true",
            enableScheduleAsyncDeliver = "false",
            scheduleAsyncDeliverMaxPendingLimit = "2000",
            scheduleAsyncDeliverMaxResendNum2Blocked = "3",
        }
        NotNeeded "the index is always rebuilt from the log" {
            messageIndexSafe = "false",
        }
        NotYet "queues in RocksDB" {
            storeType = "default",
            cleanRocksDBDirtyCQIntervalMin = "60",
            statRocksDBCQIntervalSec = "10",
            memTableFlushIntervalMs = "3600000",
            realTimePersistRocksDBConfig = "true",
            enableRocksDBLog = "false",
            rocksdbCQDoubleWriteEnable = "false",
            bottomMostCompressionTypeForConsumeQueueStore = "zstd",
            rocksdbCompressionType = "lz4",
            rocksdbFlushWalFrequency = "1024",
            rocksdbWalFileRollingThreshold = "1073741824",
            combineCQLoadingCQTypes = "default;defaultRocksDB",
            combineCQPreferCQType = "default",
            combineAssignOffsetCQType = "default",
            combineCQEnableCheckSelf = "false",
            combineCQMaxExtraSearchCommitLogFiles = "3",
        }
        NotNeeded "recovery always reads from the last checkpoint" {
            maxRecoveryCommitlogFiles = "30",
            enableAcceleratedRecovery = "false",
            recheckReputOffsetFromCq = "false",
            enableLogConsumeQueueRepeatedlyBuildWhenRecover = "false",
            enableRunningFlagsInFlush = "false",
            disappearTimeAfterStart = "-1",
        }
        NotNeeded "files are written with ordinary writes, not through mapped memory or a pool of buffers" {
            autoMessageVersionOnTopicLen = "true",
            flushCommitLogTimed = "true",
            flushCommitLogLeastPages = "4",
            flushCommitLogThoroughInterval = "10000",
            commitIntervalCommitLog = "200",
            commitCommitLogLeastPages = "4",
            commitCommitLogThoroughInterval = "200",
            flushIntervalConsumeQueue = "1000",
            flushConsumeQueueLeastPages = "2",
            flushConsumeQueueThoroughInterval = "60000",
            transientStorePoolEnable = "false",
            transientStorePoolSize = "5",
            fastFailIfNoBufferInStorePool = "false",
            writeWithoutMmap = "false",
            warmMapedFileEnable = "false",
            flushLeastPagesWhenWarmMapedFile = "4096",
            wakeCommitWhenPutMessage = "true",
            wakeFlushWhenPutMessage = "false",
            dataReadAheadEnable = "true",
            sampleSteps = "32",
            putConsumeQueueDataByFileChannel = "true",
            enableBuildConsumeQueueConcurrently = "false",
            batchDispatchRequestThreadPoolNums = "16",
        }
        NotNeeded "a whole batch of messages is appended under one lock" {
            useReentrantLockWhenPutMessage = "true",
            useABSLock = "false",
            spinLockCollisionRetreatOptimalDegree = "1000",
            topicQueueLockNum = "32",
            debugLockEnable = "false",
        }
        NotNeeded "connections are slowed down when the disk is" {
            osPageCacheBusyTimeOutMills = "1000",
            maxAsyncPutMessageRequests = "5000",
        }
        NotYet "reading what is not acknowledged" {
            readUnCommitted = "false",
        }
        NotYet "checksums of properties" {
            enabledAppendPropCRC = "false",
            forceVerifyPropCRC = "false",
        }
        NotYet "reading old data at its own pace" {
            accessMessageInMemoryHotRatio = "26",
            diskFallRecorded = "true",
            travelCqFileNumWhenGetMessage = "1",
            maxConsumeQueueScan = "20000",
            sampleCountThreshold = "5000",
            coldDataFlowControlEnable = "false",
            coldDataScanEnable = "false",
        }
        NotYet "queries by key" {
            defaultQueryMaxNum = "32",
        }
        NotYet "several brokers on one disk" {
            logicalDiskSpaceCleanForciblyThreshold = "0.8",
            replicasPerDiskPartition = "1",
        }
        NotNeeded "a deleted file stays readable until its last reader is done" {
            destroyMapedFileIntervalForcibly = "120000",
            redeleteHangedFileInterval = "120000",
        }
        NotNeeded "the lowest offsets of all queues are corrected with every file that is deleted" {
            correctLogicMinOffsetSleepInterval = "1",
            correctLogicMinOffsetForceInterval = "300000",
        }
        NotYet "light queues" {
            enableLmq = "false",
            enableMultiDispatch = "false",
        }
        NotYet "compacted topics" {
            enableCompaction = "true",
            compactionMappedFileSize = "104857600",
            compactionCqMappedFileSize = "10485760",
            compactionScheduleInternal = "900000",
            maxOffsetMapSize = "104857600",
            compactionThreadNum = "6",
        }
    }
}
