//! Capability exchange, system services, monitors and snapshots (ECMA-269 clauses 13 to 16).

use super::super::member::{
    HISTORY, Names, PARTY, copied, count, cross_reference, line, narrowed, own_call, text, truth, within,
    word,
};
use super::{Served, Service};

/// In the schema's order.
pub(super) const SYSTEM: &[Service] = &[
    own_service!("GetCSTAFeatures", "capExchangeServList", "getCSTAFeatures"),
    relay!(
        "GetLogicalDeviceInformation",
        "capExchangeServList",
        "getLogicalDeviceInformation",
        &[line("device")],
        &[
            word("deviceCategory"),
            copied("groupDeviceAttributes"),
            copied("namedDeviceTypes"),
            within("shortFormDeviceID", Names::Device),
            truth("hasPhysicalElement"),
            copied("acdModels"),
            copied("agentLogOnModels"),
            truth("appearanceAddressable"),
            word("appearanceType"),
            copied("appearanceList"),
            within("otherPhysicalDeviceList", Names::Within { devices: &["deviceID"], connections: &[] }),
            copied("miscMonitorCaps"),
            within("associatedGroupList", Names::Within { devices: &["deviceID"], connections: &[] }),
            count("maxCallbacks"),
            count("maxAutoAnswerRings"),
            count("maxActiveCalls"),
            count("maxHeldCalls"),
            count("maxFwdSettings"),
            count("maxDevicesInConf"),
            copied("transAndConfSetup"),
            copied("deviceOnDeviceMonitorFilter"),
            copied("deviceOnConnectionMonitorFilter"),
            copied("callOnDeviceMonitorFilter"),
            copied("callOnConnectionMonitorFilter"),
            copied("mediaClassSupport"),
            copied("mediaServiceCapsList"),
            copied("connectionRateList"),
            copied("delayToleranceList"),
            count("numberOfChannels"),
            count("maxChannelBind"),
            narrowed("routeingServList"),
            narrowed("logDevServList"),
            narrowed("logDevEvtsList"),
            narrowed("deviceMaintEvtsList")
        ]
    ),
    relay!(
        "GetPhysicalDeviceInformation",
        "capExchangeServList",
        "getPhysicalDeviceInformation",
        &[line("device")],
        &[
            word("deviceCategory"),
            copied("groupDeviceAttributes"),
            copied("namedDeviceTypes"),
            truth("hasLogicalElement"),
            within("otherLogicalDeviceList", Names::Within { devices: &["deviceID"], connections: &[] }),
            text("deviceModelName"),
            copied("deviceOnDeviceMonitorFilter"),
            copied("deviceOnConnectionMonitorFilter"),
            copied("callOnDeviceMonitorFilter"),
            copied("callOnConnectionMonitorFilter"),
            count("maxDisplays"),
            count("maxButtons"),
            count("maxLamps"),
            count("maxRingPatterns"),
            narrowed("physDevServList"),
            narrowed("physDevEvtsList")
        ]
    ),
    unserved!("GetSwitchingFunctionCaps", "capExchangeServList", "getSwitchingFunctionCaps"),
    relay!(
        "GetSwitchingFunctionDevices",
        "capExchangeServList",
        "getSwitchingFunctionDevices",
        &[line("requestedDeviceID").filled(), word("requestedDeviceCategory")],
        &[cross_reference("serviceCrossRefID")]
    ),
    told!(
        "SwitchingFunctionDevices",
        "capExchangeServList",
        "switchingFunctionDevices",
        &[
            cross_reference("serviceCrossRefID"),
            count("segmentID"),
            truth("lastSegment").required(),
            within("deviceList", Names::Within { devices: &["deviceID", "nidGroup"], connections: &[] })
        ]
    ),
    unserved!("ChangeSysStatFilter", "systemStatServList", "changeSystemStatusFilter"),
    own_service!("SystemRegister", "systemStatServList", "systemRegister"),
    unserved!("SystemRegisterAbort", "systemStatServList", "systemStatusRegisterAbort"),
    own_service!("SystemRegisterCancel", "systemStatServList", "systemStatusRegisterCancel"),
    own_service!("RequestSystemStatus", "systemStatServList", "requestSystemStatus"),
    unserved!("SystemStatus", "systemStatServList", "systemStatus"),
    unserved!("SwFunctionCapsChanged", "systemStatServList", "swFunctionCapsChanged"),
    unserved!("SwFunctionDevicesChanged", "systemStatServList", "swFunctionDevicesChanged"),
    own_service!("ChangeMonitorFilter", "monitoringServList", "changeMonitorFilter"),
    by_link!("MonitorStart", "monitoringServList", "monitorStart"),
    own_service!("MonitorStop", "monitoringServList", "monitorStop"),
    relay!(
        "SnapshotCall",
        "snapshotServList",
        "snapshotCall",
        &[own_call("snapshotObject")],
        &[
            within(
                "crossRefIDorSnapshotData",
                Names::Within { devices: &["deviceIdentifier"], connections: &["callIdentifier"] }
            ),
            copied("mediaCallCharacteristics"),
            copied("callCharacteristics"),
            within("callingDevice", PARTY),
            within("calledDevice", PARTY),
            within("associatedCallingDevice", PARTY),
            within("associatedCalledDevice", PARTY),
            copied("correlatorData"),
            copied("callLinkageData"),
            text("subjectOfCall"),
            copied("messageInfo"),
            text("languagePreferences"),
            within("deviceHistory", HISTORY)
        ]
    ),
    by_link!("SnapshotDevice", "snapshotServList", "snapshotDevice"),
    unserved!("SnapshotCallData", "snapshotServList", "snapshotCallData"),
    unserved!("SnapshotDeviceData", "snapshotServList", "snapshotDeviceData"),
];
