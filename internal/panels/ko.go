package panels

// text is the texts of a built-in panel in another language. The English texts are in the panels
// themselves.
type text struct {
	title, subject, why, hint string
	events                    string // names a number of events, if the panel counts them
	remarks                   []string
	all                       string // the name of the series that stands for all nodes
	states                    []string
}

const (
	hintExporterKO = "node_exporter가 제공합니다. 커뮤니티 prometheus 차트는 " +
		"prometheus-node-exporter.enabled, kube-prometheus-stack은 nodeExporter.enabled로 켭니다."
	hintKSMKO = "kube-state-metrics가 제공합니다. 커뮤니티 prometheus 차트는 kube-state-metrics.enabled, " +
		"kube-prometheus-stack은 kubeStateMetrics.enabled로 켭니다."
	hintContainersKO = "사용량은 kubelet의 cAdvisor(/metrics/cadvisor)가 제공하며, 두 Helm 차트 모두 기본으로 수집합니다 " +
		"(job kubernetes-nodes-cadvisor, kubelet.serviceMonitor.cAdvisor). 요청량과 제한은 " +
		"kube-state-metrics가 제공합니다. 둘 중 하나라도 없는 컨테이너는 표시되지 않습니다."
	hintVolumesKO = "kubelet의 /metrics가 제공합니다 (커뮤니티 prometheus 차트의 job kubernetes-nodes, " +
		"kube-prometheus-stack의 kubelet.enabled). 실행 중인 파드가 마운트했고 CSI 드라이버가 크기를 " +
		"보고하는(NodeGetVolumeStats) 볼륨만 표시됩니다."
	whyRequestedKO = " capacity가 아니라 allocatable 기준입니다. 시스템 예약분은 파드가 쓸 수 없습니다. 종료된 파드는 요청량이 메트릭에 " +
		"남아 있어도 제외합니다."
)

// koreanSections are the Korean names of the sections, by their English names.
var koreanSections = map[string]string{
	sectionNodes: "노드", sectionContainers: "컨테이너", sectionStorage: "스토리지",
	sectionMonitoring: "모니터링",
}

// korean has the Korean texts of each panel, by the panel's name. It is never written to.
var korean = map[string]text{
	"node-memory": {
		title: "노드 메모리", subject: "메모리",
		why: "사용 중인 메모리는 전체에서 MemAvailable을 뺀 값입니다. MemAvailable은 스왑 없이 더 내줄 수 있는 메모리를 커널이 직접 " +
			"추정한 값입니다. MemFree나 Active로 보면 언제든 회수할 수 있는 페이지 캐시까지 사용 중으로 잡혀 정상 노드도 꽉 찬 것처럼 보입니다. " +
			"huge page는 따로 요청한 프로세스의 몫이므로 사용량과 전체 양쪽에서 제외합니다. ZFS 캐시 중 회수할 수 있는 부분은 사용 가능한 것으로 " +
			"봅니다.",
		hint: hintExporterKO,
	},
	"node-cpu": {
		title: "노드 CPU", subject: "CPU",
		why: "CPU 시간 중 코어가 이 머신의 작업에 쓴 비율입니다. 디스크를 기다린 시간(iowait)과 하이퍼바이저가 다른 머신에 내준 시간(steal)은 " +
			"세지 않습니다. 이 둘만 높은 노드는 느릴 뿐 바쁜 것은 아닙니다. 100%에서 idle만 빼면 둘 다 포함됩니다.",
		hint: hintExporterKO,
	},
	"node-disk": {
		title: "노드 디스크", subject: "디스크",
		why: "free가 아니라 avail 기준입니다. root 전용으로 예약된 공간은 파드가 쓸 수 없습니다. 장치 이름은 부팅할 때 바뀔 수 있으므로 디스크를 " +
			"마운트 지점으로 구분합니다. 이미지, 파드 볼륨, 다른 머신의 파일 시스템은 제외합니다. ZFS 풀은 디스크 하나로 보고, 할당량(quota)이 거의 " +
			"찬 데이터셋만 따로 표시합니다. kubelet은 85%부터 이미지를 지우고 90%에서 파드를 축출하므로 임계값은 그보다 낮습니다. /boot는 " +
			"95%에서 경고합니다.",
		remarks: []string{
			"다른 머신이 관리하는 파일 시스템이라 판정하지 않음: {{fstype}} {{device}} (마운트한 노드 수: {{value}})",
		},
		hint: hintExporterKO + " 컨테이너로 실행할 때는 호스트의 루트 파일 시스템이 보여야 합니다 " +
			"(prometheus-node-exporter.hostRootFsMount.enabled, 기본으로 켜져 있음).",
	},
	"node-inodes": {
		title: "노드 디스크 inode", subject: "inode",
		why: "작은 파일이 많은 디스크는 공간이 남아 있어도 inode가 먼저 소진될 수 있습니다. 이때도 쓰기는 “no space left on device”로 " +
			"실패합니다. inode 수를 보고하지 않는 파일 시스템은 제외합니다. XFS는 여유 공간으로 inode를 만듭니다. 그래서 거의 찬 XFS " +
			"디스크(디스크 패널에서 알립니다)는 여기서는 5분의 1이 비어 있는 것으로 보고 판정합니다.",
		hint: hintExporterKO,
	},
	"node-readonly": {
		title: "읽기 전용으로 바뀐 디스크", subject: "읽기 전용",
		why: "디스크에 장애가 나면 커널은 파일 시스템을 읽기 전용으로 바꿉니다. 아무것도 쓸 수 없게 되지만 다른 수치는 모두 정상으로 보입니다. 지금은 쓸 수 " +
			"없지만 최근 하루 안에, 또는 3일 전이나 7일 전에는 쓸 수 있었던 디스크가 1입니다. 그 전부터 읽기 전용이던 디스크는 의도한 것일 수 있어 " +
			"알리지 않습니다.",
		hint: hintExporterKO,
	},
	"node-conditions": {
		title: "노드 컨디션", subject: "상태",
		why: "kubelet과 컨트롤 플레인이 보고하는 노드 상태입니다. 1이면 컨디션에 문제가 있습니다. 응답이 끊긴 노드는 “unknown”으로 보고되며, " +
			"이것도 준비되지 않은 것으로 봅니다. 5분은 Kubernetes가 그 노드의 파드를 다른 노드로 옮기기 시작하는 시점입니다. promsnap이 모르는 " +
			"컨디션은 판정하지 않습니다.",
		remarks: []string{
			"promsnap이 모르는 컨디션이라 판정하지 않음: {{condition}} (노드 수: {{value}})",
		},
		hint: hintKSMKO,
	},
	"node-network": {
		title: "노드 네트워크 트래픽", subject: "네트워크 트래픽",
		why: "머신의 네트워크 카드가 주고받은 바이트입니다. 브리지, 터널, 파드의 가상 장치는 같은 바이트를 두 번 세게 되므로 제외합니다. 본딩과 그 " +
			"슬레이브처럼 주소가 같은 카드는 트래픽이 가장 많은 하나만 셉니다. 가상 NIC가 보고하는 속도는 클라우드의 실제 대역폭이 아니므로 임계값을 두지 " +
			"않습니다.",
		hint: hintExporterKO,
	},
	"node-network-errors": {
		title: "노드 네트워크 오류", subject: "네트워크 오류",
		why: "전체 패킷 중 오류의 비율입니다. 초당 오류 10건은 바쁜 카드에서는 정상이지만 한산한 카드에서는 케이블 불량일 수 있습니다. drop은 세지 " +
			"않습니다. 받을 프로세스가 없는 패킷을 버리는 것은 정상입니다.",
		hint: hintExporterKO,
	},
	"node-pressure": {
		title: "노드 메모리 압박", subject: "메모리 압박",
		why: "메모리를 기다리느라 멈춘 태스크가 있었던 시간의 비율입니다. 메모리를 90% 쓰면서 멀쩡한 노드도 있고 80%에서 허덕이는 노드도 있는데, 이 " +
			"패널이 둘을 구분해 줍니다. 어느 정도가 많은지는 워크로드에 따라 다르므로 임계값을 두지 않습니다.",
		hint: "node_exporter의 pressure 컬렉터가 제공합니다 (기본으로 켜져 있음). 커널 4.20 이상에서 PSI(pressure stall " +
			"information)가 켜져 있어야 합니다 (psi=1).",
	},
	"node-requests": {
		title: "노드 메모리 요청량", subject: "메모리 요청량",
		why: "스케줄러는 실제 사용량이 아니라 요청량(requests)을 보고 파드를 배치합니다. 메모리 요청량이 가득 찬 노드는 아무리 한가해도 파드를 더 받지 " +
			"않습니다." + whyRequestedKO,
		hint: hintKSMKO,
	},
	"node-requests-cpu": {
		title: "노드 CPU 요청량", subject: "CPU 요청량",
		why: "메모리와 마찬가지입니다. 요청할 수 있는 CPU가 남은 노드가 없으면 모든 노드가 한가해도 파드는 Pending 상태로 " +
			"남습니다." + whyRequestedKO,
		hint: hintKSMKO,
	},
	"container-memory": {
		title: "컨테이너 메모리 (제한 대비)", subject: "메모리",
		why: "컨테이너가 돌려줄 수 없는 메모리입니다. 워킹 셋에서, cAdvisor가 알려 주는 경우 사용 중인 페이지 캐시를 뺀 값입니다. 이 값이 제한에 " +
			"가까워지면 컨테이너는 곧 강제 종료됩니다. usage_bytes는 파일을 읽을 때마다 늘어나므로 쓰지 않습니다. 제한은 현재 적용 중인 값입니다. " +
			"컨테이너 이름이 *이면 파드 전체를 판정한 것입니다.",
		remarks: []string{
			"메모리 제한이 없어 판정하지 않는 컨테이너 수: {{value}}",
			"메모리 제한은 있지만 사용량이 수집되지 않아 판정하지 못한 컨테이너 수: {{value}}",
		},
		hint: hintContainersKO,
	},
	"container-oom": {
		title: "최근 1시간 동안 OOM으로 종료된 컨테이너", subject: "OOM 종료 횟수",
		events: "OOM 종료 %s회",
		why: "최근 1시간 동안 커널이 메모리 부족으로 컨테이너나 그 안의 프로세스를 종료한 횟수입니다. OOM 종료 후의 재시작, OOM으로 종료된 뒤 다시 " +
			"시작되지 않은 컨테이너, 그리고 워커만 종료되고 컨테이너는 계속 실행되어 cAdvisor만 센 종료를 셉니다. OOMKilled라는 사유만으로는 " +
			"부족합니다. 파드가 있는 동안 계속 남아 있어 지난달의 종료까지 알리게 됩니다.",
		hint: hintKSMKO,
	},
	"container-restarts": {
		title: "최근 1시간 동안의 컨테이너 재시작", subject: "재시작 횟수",
		events: "재시작 %s회",
		why: "파드가 생긴 뒤의 누적이 아니라 최근 1시간의 재시작 횟수입니다. 누적 40회는 1년 전 일일 수도 있습니다. 한두 번은 배포나 일시적인 문제일 수 " +
			"있지만, 5회를 넘으면 제대로 뜨지 못하는 컨테이너입니다.",
		hint: hintKSMKO,
	},
	"pod-waiting": {
		title: "시작하지 못하는 파드", subject: "시작하지 못함",
		why: "배치할 노드가 없거나, 이미지를 받지 못하거나, 컨테이너가 시작되지 않는 파드와 Kubernetes가 알려 주는 사유입니다. 1이면 대기 중인 " +
			"파드입니다. 15분이 지나면 정상적인 시작으로 보지 않습니다. 크래시 루프는 아무리 느려도 두 시간째부터 표시합니다.",
		hint: hintKSMKO,
	},
	"container-cpu": {
		title: "컨테이너 CPU (요청량 대비)", subject: "CPU (요청량 대비)",
		why: "컨테이너가 요청한 CPU 중 얼마를 쓰는지 나타냅니다. 100%를 넘으면 다른 컨테이너가 쓰지 않는 CPU로 돌아가고 있으며, 노드가 바빠지면 가장 " +
			"먼저 느려집니다. 훨씬 낮으면 다른 컨테이너가 쓸 수 있는 CPU를 묶어 두고 있는 것입니다. 둘 다 그 자체로 장애는 아니므로 임계값을 두지 " +
			"않습니다. 순위를 참고하세요.",
		hint: hintContainersKO,
	},
	"container-cpu-limit": {
		title: "컨테이너 CPU (제한 대비)", subject: "CPU (제한 대비)",
		why: "CPU 제한에 닿은 컨테이너는 느려질 뿐 종료되지 않습니다. 이 상태가 30분 지속되면 제한이 너무 낮거나 프로그램이 무한 루프에 빠진 것입니다. " +
			"CPU 제한이 없는 컨테이너는 표시되지 않으며, 제한을 둘 필요도 없습니다.",
		hint: hintContainersKO,
	},
	"container-throttling": {
		title: "컨테이너 CPU 스로틀링", subject: "CPU 스로틀링",
		why: "컨테이너가 실행하려 했지만 CPU 제한에 막힌 100 ms 주기의 비율입니다. 평균 CPU가 낮아 보여도 실제로는 느립니다. 중단되는 것은 없으므로 " +
			"위험으로 판정하지는 않습니다. 값이 빈 구간은 컨테이너가 전혀 실행되지 않은 시간입니다.",
		hint: "CPU 제한이 있는 컨테이너에 대해 kubelet의 cAdvisor(/metrics/cadvisor)가 제공합니다. " +
			"kube-prometheus-stack이 버리는 throttled_seconds 대신 주기(periods)를 사용합니다.",
	},
	"pvc": {
		title: "퍼시스턴트 볼륨", subject: "볼륨",
		why: "볼륨을 마운트한 kubelet이 보고하는 사용률입니다. kube-state-metrics는 요청한 크기만 알고, 노드 디스크 패널은 볼륨을 포함하지 " +
			"않습니다. used가 아니라 available 기준입니다. 파일 시스템은 용량의 일부를 자체적으로 예약해 둡니다. 원시 블록 볼륨에는 가득 찰 파일 " +
			"시스템이 없고 읽기 전용 볼륨은 원래 차 있으므로 둘 다 판정하지 않습니다.",
		remarks: []string{
			"사용률을 보고하지 않는 PVC 수: {{value}}",
			"더 오래된 PVC와 파일 시스템을 함께 쓰는 PVC 수 (가장 오래된 PVC만 판정): {{value}}",
			"읽기 전용이라 만들어진 그대로 차 있으므로 판정하지 않는 볼륨 수: {{value}}",
			"애플리케이션만 사용량을 알 수 있어 판정하지 않는 원시 블록 볼륨 수: {{value}}",
		},
		hint: hintVolumesKO,
	},
	"pvc-inodes": {
		title: "퍼시스턴트 볼륨 inode", subject: "inode",
		why: "작은 파일이 많은 볼륨은 공간이 남아 있어도 inode가 먼저 소진될 수 있습니다. inode를 필요할 때 만드는 파일 시스템은 값을 보고하지 " +
			"않으므로 제외합니다.",
		hint: hintVolumesKO,
	},
	"scrape-health": {
		title: "수집 대상 응답률", subject: "응답하는 대상",
		why: "수집 대상이 응답하지 않으면 Prometheus는 up에 0을 기록합니다. 수집되지 않는 것은 어떤 패널도 판정할 수 없습니다. job별 비율이므로 " +
			"익스포터 50개 중 하나가 죽으면 경고로 표시합니다. 더 이상 수집 대상이 아니고 다른 곳에서도 같은 오브젝트를 보고하지 않는 " +
			"kube-state-metrics는 응답하지 않는 것으로 봅니다. 클러스터의 kubelet이나 익스포터가 모두 사라진 경우도 같습니다.",
		remarks: []string{
			"응답 없음: {{job}} {{instance}}",
		},
		hint: "Prometheus는 모든 수집 대상의 up을 기록합니다. up이 없으면 수집하는 대상이 하나도 없는 것이므로 Status → Targets를 " +
			"확인하세요.",
	},
	"target-flaps": {
		title: "응답이 끊겼다 이어지는 수집 대상", subject: "응답 없음",
		why: "일부 수집만 실패하는 대상은 알림이 발생할 만큼 오래 멈추지 않지만 데이터에 빈 구간이 생깁니다. 메모리가 부족한 익스포터, 과부하 노드, 같은 " +
			"주소를 쓰는 두 머신이 흔한 원인입니다. 1은 실패한 수집입니다.",
		hint: "Prometheus는 모든 수집 대상의 up을 기록합니다. up이 없으면 수집하는 대상이 하나도 없는 것이므로 Status → Targets를 " +
			"확인하세요.",
	},
	"coverage": {
		title: "node_exporter 없는 노드", subject: "node_exporter 없음",
		all: "노드 {{value}}개 중 {{value}}개",
		why: "node_exporter가 없는 노드는 모든 노드 패널에서 빠지며, 빠졌다는 사실도 드러나지 않습니다. 그래서 Kubernetes가 아는 노드와 " +
			"실제로 보고하는 노드를 비교합니다. 1이면 보고하지 않는 노드입니다. 클러스터의 모든 노드가 보고하지 않으면 한 행으로 표시합니다. " +
			"node_exporter를 실행할 수 없는 가상 노드(Fargate, ACI)와 Windows 노드는 제외합니다.",
		hint: hintKSMKO + " 그런 다음 그 노드에 node_exporter DaemonSet의 파드가 없는 이유를 확인하세요: 테인트나 이미 사용 중인 " +
			"포트가 흔한 원인입니다.",
	},
	"alerts": {
		title: "Prometheus 규칙의 알림", subject: "발생 중",
		states: []string{"발생 안 함", "대기", "발생 중"},
		why: "ALERTS는 Prometheus가 규칙의 알림마다 직접 기록하는 메트릭입니다. 조건이 처음 참이 되면 대기 상태이고, 규칙의 for가 지나면 " +
			"발생합니다. 한 행은 한 알림의 모든 대상입니다. 정보용 알림(심각도 info, none)과 Watchdog처럼 항상 발생하는 알림은 제외합니다. 이 알림은 " +
			"Alertmanager가 호출하므로 여기서는 리포트의 색만 바꿉니다.",
		hint: "규칙 파일의 알림이 대기 또는 발생 상태인 동안 Prometheus가 ALERTS를 기록합니다.",
	},
}
